"""Trains native-models/transactions/1 and writes everything this folder holds besides this file and README.md.

    pip install tensorflow-cpu==2.20.0 onnx==1.23.2 scikit-learn==1.9.1
    python train.py            (node and the packages of this repository must be there)

The history comes from `scorelane produce --generate transactions --to FILE`, and the features from `scorelane features`, by the
plan in model.yaml: the same code computes them when the model serves. Nothing here computes a feature.

Deterministic: one seed, deterministic kernels, one thread. Running it twice on one machine gives the same files.
"""

import csv
import os
import subprocess
import sys
import tempfile

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", ".."))

from distribution import write_distribution  # noqa: E402
from mlp import Mlp, deterministic, initialise, number, train, write_json, write_model  # noqa: E402

SEED = 20220101
CUSTOMERS, TERMINALS = 2_000, 4_000
RECORDS = 300_000
GOLDEN_RECORDS, GOLDEN_CUSTOMERS, GOLDEN_TERMINALS = 200, 8, 40
GOLDEN_TOLERANCE = 1e-4
HIDDEN = [64, 32]
DAY_MS = 86_400_000
# Days of the history. The windows reach back 37 days; labels are known after seven, so a week lies between.
TRAIN_DAYS, TEST_DAYS = (37, 58), (65, 72)

PLAIN = [
    "path: amount, log1p: true",
    "time: hour, path: at",
    "time: isWeekend, path: at",
    "time: isNight, path: at",
]
WINDOWS = [
    *(f"window: {{ function: count, by: customer, size: {days}d, hop: {hop} }}, log1p: true" for days, hop in ((1, "1h"), (7, "6h"), (30, "1d"))),
    *(
        f"window: {{ function: mean, by: customer, of: amount, size: {days}d, hop: {hop} }}, log1p: true"
        for days, hop in ((1, "1h"), (7, "6h"), (30, "1d"))
    ),
    *(
        f"window: {{ function: count, by: terminal, size: {days}d, hop: 1d, delay: 7d }}, log1p: true"
        for days in (1, 7, 30)
    ),
    *(f"window: {{ function: mean, by: terminal, of: fraud, size: {days}d, hop: 1d, delay: 7d }}" for days in (1, 7, 30)),
]
# Parts of a time are not scaled by the plan: those columns are numbers of a few units already.
SCALED = [not entry.startswith("time") for entry in PLAIN + WINDOWS]


def write_manifest(mean, std, *rest):
    inputs = []
    for entry, scaled, m, s in zip(PLAIN + WINDOWS, SCALED, mean, std):
        scaling = f", mean: {number(m)}, std: {number(s)}" if scaled else ""
        inputs.append(f"  - {{ {entry}{scaling} }}")
    text = "\n".join(
        [
            "# Written by train.py. What each key means: docs/models.md",
            "name: transactions",
            "version: 1",
            "inputs: # in the order of the model's columns; value = ((log1p of) the field or window - mean) / std",
            *inputs,
            "windows: { time: at, ahead: unbounded, keys: 1000000 }",
            "outputs: [score]",
            "artefacts:",
            "  savedModel: { path: saved_model, signature: serving_default, input: features }",
            "  web: { path: model.json, input: features }",
            "  onnx: { path: model.onnx, input: features }",
            f"golden: {{ path: golden.json, tolerance: {GOLDEN_TOLERANCE:.0e} }}",
            *rest,
            "",
        ]
    )
    with open(os.path.join(HERE, "model.yaml"), "w", encoding="utf8") as file:
        file.write(text)


def scorelane(*args):
    settings = ["--config", "config/kafka.yaml", "--set", f"model.repository={os.path.join(HERE, '..', '..')}"]
    settings += ["--set", "model.name=transactions", "--set", "model.version=1"]
    subprocess.run(["node", "src/main.ts", args[0], *settings, *args[1:]], cwd=ROOT, check=True)


def history(folder, name, count, customers, terminals):
    path = os.path.join(folder, name)
    size = ["--customers", str(customers), "--terminals", str(terminals), "--count", str(count)]
    scorelane("produce", "--generate", "transactions", "--seed", str(SEED), *size, "--to", path)
    return path


def matrix(path):
    """The feature matrix, the labels and the days of a history, and the names of the features."""
    scorelane("features", "--csv", path, "--out", path + ".features", "--keep", "at", "--keep", "fraud")
    rows = np.loadtxt(path + ".features", delimiter=",", skiprows=1)
    with open(path + ".features", encoding="utf8") as file:
        names = next(csv.reader(file))[2:]
    return rows[:, 2:], rows[:, 1].astype(np.float32), (rows[:, 0] - rows[0, 0]) // DAY_MS, names


def fit(x, y, rng, train_rows):
    model = Mlp(initialise(rng, [x.shape[1], *HIDDEN, 1]))
    weight = np.ones(len(y), np.float32)
    train(model, x[train_rows], y[train_rows], weight[train_rows], rng, epochs=20)
    return model


def measures(model, x, y, rows):
    score = model.serve(x[rows])["score"].numpy()[:, 0]
    return {
        "rocAuc": round(float(roc_auc_score(y[rows], score)), 4),
        "averagePrecision": round(float(average_precision_score(y[rows], score)), 4),
    }


def main(folder):
    rng = deterministic(SEED)
    path = history(folder, "history.csv", RECORDS, CUSTOMERS, TERMINALS)
    columns = len(PLAIN + WINDOWS)
    write_manifest(np.zeros(columns), np.ones(columns))
    x, y, day, names = matrix(path)
    train_rows = (day >= TRAIN_DAYS[0]) & (day < TRAIN_DAYS[1])
    test_rows = (day >= TEST_DAYS[0]) & (day < TEST_DAYS[1])

    mean, std = x[train_rows].mean(axis=0), x[train_rows].std(axis=0)
    mean, std = (np.array([float(number(v)) for v in values]) for values in (mean, std))
    write_manifest(mean, std)
    x, *_ = matrix(path)
    x = x.astype(np.float32)

    model = fit(x, y, rng, train_rows)
    without = fit(x[:, : len(PLAIN)], y, rng, train_rows)
    metrics = {
        "records": len(x),
        "trainRecords": int(train_rows.sum()),
        "testRecords": int(test_rows.sum()),
        "testFrauds": int(y[test_rows].sum()),
        "withWindows": measures(model, x, y, test_rows),
        "withoutWindows": measures(without, x[:, : len(PLAIN)], y, test_rows),
    }
    write_model(model, HERE)
    scores = model.serve(x[train_rows])["score"].numpy()[:, 0]
    write_distribution(HERE, dict(zip(names, x[train_rows].T)), {"score": scores})

    path = history(folder, "golden.csv", GOLDEN_RECORDS, GOLDEN_CUSTOMERS, GOLDEN_TERMINALS)
    golden, *_ = matrix(path)
    scores = model.serve(golden.astype(np.float32))["score"].numpy()[:, 0]
    with open(path, encoding="utf8") as file:
        rows = list(csv.DictReader(file))
    records = [
        {"at": int(row["at"]), "customer": row["customer"], "terminal": row["terminal"], "amount": float(row["amount"])}
        | {"fraud": int(row["fraud"])}
        for row in rows
    ]
    write_json(
        os.path.join(HERE, "golden.json"),
        [{"record": record, "outputs": {"score": [float(s)]}} for record, s in zip(records, scores)],
    )
    write_json(os.path.join(HERE, "metrics.json"), metrics)
    write_manifest(mean, std, "distribution: { path: distribution.json }")
    print(metrics)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder)
