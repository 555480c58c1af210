"""Trains native-models/creditcard/1 and writes everything this folder holds besides this file.

    pip install tensorflow-cpu==2.20.0 onnx==1.23.2 scikit-learn==1.9.1
    python train.py PATH/TO/creditcard.csv

Input: the columns V1..V28, Amount and Class of the card-fraud set of the ULB Machine Learning Group
(Dal Pozzolo et al., 2015), in time order. The rows themselves are not written anywhere.

Deterministic: one seed, deterministic kernels, one thread. Running it twice on one machine gives the same files.
"""

import os
import sys

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))

from distribution import write_distribution  # noqa: E402
from mlp import Mlp, deterministic, initialise, number, train, write_json, write_model  # noqa: E402

SEED = 20130901
FIELDS = [f"V{i}" for i in range(1, 29)] + ["Amount"]
HIDDEN = [64, 32]
TRAIN_SHARE = 0.7
# The whole set holds 492 frauds in 284,807 transactions; this subset holds them all but few others.
FRAUD_RATE = 492 / 284807
GOLDEN_RECORDS = 32
GOLDEN_TOLERANCE = 1e-5


def read(path):
    with open(path, encoding="utf8") as file:
        header = file.readline().strip().split(",")
        rows = np.array([[float(x) for x in line.split(",")] for line in file])
    columns = {name: rows[:, i] for i, name in enumerate(header)}
    return np.stack([columns[name] for name in FIELDS], axis=1), columns["Class"]


def transform(raw):
    """What the features stage does before scaling: log1p of the amount, all else as it is."""
    out = raw.copy()
    out[:, -1] = np.log1p(out[:, -1])
    return out


def fit_generator(raw, y):
    """A Gaussian for each class over V1..V28 and log1p(Amount): the mean and the Cholesky factor of the covariance."""
    x = transform(raw)
    classes = {}
    for label, name in ((0, "genuine"), (1, "fraud")):
        rows = x[y == label]
        factor = np.linalg.cholesky(np.cov(rows, rowvar=False) + 1e-6 * np.eye(x.shape[1]))
        classes[name] = {
            "mean": [round(float(v), 5) for v in rows.mean(axis=0)],
            "cholesky": [[round(float(v), 5) for v in factor[i, : i + 1]] for i in range(len(factor))],
        }
    return {
        "about": "Numbers fitted by train.py from the training rows: V1..V28 and log1p(Amount) as a Gaussian per class.",
        "fields": FIELDS,
        "log1p": ["Amount"],
        "fraudRate": round(FRAUD_RATE, 6),
        "classes": classes,
    }


def draw(generator, rng, count, fraud_share):
    records = []
    for _ in range(count):
        kind = generator["classes"]["fraud" if rng.random() < fraud_share else "genuine"]
        noise = rng.standard_normal(len(FIELDS))
        values = [m + float(np.dot(row, noise[: len(row)])) for m, row in zip(kind["mean"], kind["cholesky"])]
        values[-1] = max(0.0, np.expm1(values[-1]))
        records.append({name: round(float(v), 4) for name, v in zip(FIELDS, values)})
    return records


def write_manifest(mean, std):
    inputs = []
    for name, m, s in zip(FIELDS, mean, std):
        log1p = ", log1p: true" if name == "Amount" else ""
        inputs.append(f"  - {{ path: {name}{log1p}, mean: {number(m)}, std: {number(s)} }}")
    text = "\n".join(
        [
            "# Written by train.py. What each key means: docs/models.md",
            "name: creditcard",
            "version: 1",
            "inputs: # in the order of the model's columns; value = ((log1p of) the field - mean) / std",
            *inputs,
            "outputs: [score]",
            "artefacts:",
            "  savedModel: { path: saved_model, signature: serving_default, input: features }",
            "  web: { path: model.json, input: features }",
            "  onnx: { path: model.onnx, input: features }",
            f"golden: {{ path: golden.json, tolerance: {GOLDEN_TOLERANCE:.0e} }}",
            "distribution: { path: distribution.json }",
            "",
        ]
    )
    with open(os.path.join(HERE, "model.yaml"), "w", encoding="utf8") as file:
        file.write(text)


def main(path):
    rng = deterministic(SEED)

    raw, y = read(path)
    cut = int(len(raw) * TRAIN_SHARE)
    x = transform(raw)
    mean, std = x[:cut].mean(axis=0), x[:cut].std(axis=0)
    # As the daemon computes it: from the numbers as they stand in model.yaml, in double, then rounded to float32.
    mean, std = (np.array([float(number(v)) for v in values]) for values in (mean, std))
    scaled = ((x - mean) / std).astype(np.float32)

    share = y[:cut].mean()
    genuine_weight = (1 - FRAUD_RATE) / FRAUD_RATE * share / (1 - share)
    weight = np.where(y == 1, 1.0, genuine_weight).astype(np.float32)

    model = Mlp(initialise(rng, [len(FIELDS), *HIDDEN, 1]))
    train(model, scaled[:cut], y[:cut].astype(np.float32), weight[:cut], rng)
    score = model.serve(scaled)["score"].numpy()[:, 0]

    metrics = {"rows": len(raw), "trainRows": cut, "testRows": len(raw) - cut, "testFrauds": int(y[cut:].sum())}
    for name, part in (("train", slice(0, cut)), ("test", slice(cut, None))):
        metrics[name] = {
            "rocAuc": round(float(roc_auc_score(y[part], score[part])), 4),
            "averagePrecision": round(float(average_precision_score(y[part], score[part])), 4),
            "averagePrecisionAtTrueRate": round(
                float(average_precision_score(y[part], score[part], sample_weight=weight[part])), 4
            ),
        }

    write_model(model, HERE)
    # As records come: the subset has far more frauds than there are.
    usual = np.flatnonzero((y[:cut] == 0) | (np.random.default_rng(SEED).random(cut) < (1 - share) / share * FRAUD_RATE / (1 - FRAUD_RATE)))
    write_distribution(HERE, dict(zip(FIELDS, scaled[usual].T)), {"score": score[usual]})
    write_manifest(mean, std)
    generator = fit_generator(raw[:cut], y[:cut])
    write_json(os.path.join(HERE, "generator.json"), generator)
    golden = draw(generator, rng, GOLDEN_RECORDS, 0.5)
    golden_x = transform(np.array([[record[name] for name in FIELDS] for record in golden]))
    golden_scores = model.serve(((golden_x - mean) / std).astype(np.float32))["score"].numpy()[:, 0]
    write_json(os.path.join(HERE, "golden.json"),
        [{"record": record, "outputs": {"score": [float(s)]}} for record, s in zip(golden, golden_scores)],
    )
    write_json(os.path.join(HERE, "metrics.json"), metrics)
    print(metrics)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
