"""Trains native-models/creditcard/1 and writes everything this folder holds besides this file.

    pip install tensorflow-cpu==2.20.0 scikit-learn==1.9.1
    python train.py PATH/TO/creditcard.csv

Input: the columns V1..V28, Amount and Class of the card-fraud set of the ULB Machine Learning Group
(Dal Pozzolo et al., 2015), in time order. The rows themselves are not written anywhere.

Deterministic: one seed, deterministic kernels, one thread. Running it twice gives the same files.
"""

import base64
import json
import os
import shutil
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf
from sklearn.metrics import average_precision_score, roc_auc_score

SEED = 20130901
HERE = os.path.dirname(os.path.abspath(__file__))
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


def initialise(rng):
    sizes = [len(FIELDS), *HIDDEN, 1]
    layers = []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        limit = np.sqrt(6.0 / (fan_in + fan_out))
        layers.append((rng.uniform(-limit, limit, (fan_in, fan_out)), np.zeros(fan_out)))
    return layers


class Mlp(tf.Module):
    def __init__(self, layers):
        super().__init__()
        self.weights = [tf.Variable(w, dtype=tf.float32, name=f"dense_{i}/kernel") for i, (w, _) in enumerate(layers)]
        self.biases = [tf.Variable(b, dtype=tf.float32, name=f"dense_{i}/bias") for i, (_, b) in enumerate(layers)]

    def logits(self, x):
        for weight, bias in zip(self.weights[:-1], self.biases[:-1]):
            x = tf.nn.relu(tf.matmul(x, weight) + bias)
        return tf.matmul(x, self.weights[-1]) + self.biases[-1]

    @tf.function(input_signature=[tf.TensorSpec([None, len(FIELDS)], tf.float32, name="features")])
    def serve(self, features):
        return {"score": tf.sigmoid(self.logits(features))}


def train(model, x, y, weight, rng, epochs=60, size=128):
    optimizer = tf.keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=1e-3)
    variables = model.weights + model.biases

    @tf.function
    def step(features, labels, weights):
        with tf.GradientTape() as tape:
            loss = tf.nn.sigmoid_cross_entropy_with_logits(labels, model.logits(features)[:, 0])
            loss = tf.reduce_sum(loss * weights) / tf.reduce_sum(weights)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))

    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(order) - size + 1, size):
            pick = order[start : start + size]
            step(x[pick], y[pick], weight[pick])


def write_saved_model(model, folder):
    shutil.rmtree(folder, ignore_errors=True)
    tf.saved_model.save(model, folder, signatures={"serving_default": model.serve})
    shutil.rmtree(os.path.join(folder, "assets"), ignore_errors=True)


def write_graph_model(model, path):
    """A TensorFlow.js graph model: a GraphDef as JSON and the weights in one file.

    Written directly in the form tensorflowjs_converter gives (`_FusedMatMul` with bias and activation), so
    that training needs no more than TensorFlow.
    """
    dtype = {"type": "DT_FLOAT"}
    nodes = [
        {
            "name": "features",
            "op": "Placeholder",
            "attr": {"dtype": dtype, "shape": {"shape": {"dim": [{"size": "-1"}, {"size": str(len(FIELDS))}]}}},
        }
    ]
    manifest, data, last = [], b"", "features"
    for i, (weight, bias) in enumerate(zip(model.weights, model.biases)):
        for name, value in ((f"dense_{i}/kernel", weight.numpy()), (f"dense_{i}/bias", bias.numpy())):
            shape = {"dim": [{"size": str(n)} for n in value.shape]}
            nodes.append(
                {
                    "name": name,
                    "op": "Const",
                    "attr": {"dtype": dtype, "value": {"tensor": {"dtype": "DT_FLOAT", "tensorShape": shape}}},
                }
            )
            manifest.append({"name": name, "shape": list(value.shape), "dtype": "float32"})
            data += value.astype("<f4").tobytes()
        fused = ["BiasAdd"] + (["Relu"] if i < len(HIDDEN) else [])
        nodes.append(
            {
                "name": f"dense_{i}",
                "op": "_FusedMatMul",
                "input": [last, f"dense_{i}/kernel", f"dense_{i}/bias"],
                "attr": {
                    "T": dtype,
                    "transpose_a": {"b": False},
                    "transpose_b": {"b": False},
                    "num_args": {"i": "1"},
                    "epsilon": {"f": 0},
                    "fused_ops": {"list": {"s": [base64.b64encode(op.encode()).decode() for op in fused]}},
                },
            }
        )
        last = f"dense_{i}"
    nodes.append({"name": "score", "op": "Sigmoid", "input": [last], "attr": {"T": dtype}})
    tensor = lambda name, width: {
        "name": name,
        "dtype": "DT_FLOAT",
        "tensorShape": {"dim": [{"size": "-1"}, {"size": str(width)}]},
    }
    document = {
        "format": "graph-model",
        "generatedBy": "train.py",
        "convertedBy": None,
        "signature": {
            "inputs": {"features": tensor("features:0", len(FIELDS))},
            "outputs": {"score": tensor("score:0", 1)},
        },
        "modelTopology": {"node": nodes, "library": {}, "versions": {"producer": 1882}},
        "weightsManifest": [{"paths": ["weights.bin"], "weights": manifest}],
    }
    with open(path, "w", encoding="utf8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    with open(os.path.join(os.path.dirname(path), "weights.bin"), "wb") as file:
        file.write(data)


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


def number(value):
    return f"{float(value):.9g}"


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
            f"golden: {{ path: golden.json, tolerance: {GOLDEN_TOLERANCE:.0e} }}",
            "",
        ]
    )
    with open(os.path.join(HERE, "model.yaml"), "w", encoding="utf8") as file:
        file.write(text)


def write_json(name, value):
    with open(os.path.join(HERE, name), "w", encoding="utf8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


def main(path):
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    rng = np.random.default_rng(SEED)

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

    model = Mlp(initialise(rng))
    train(model, scaled[:cut], y[:cut].astype(np.float32), weight[:cut], rng)
    score = model.serve(tf.constant(scaled))["score"].numpy()[:, 0]

    metrics = {"rows": len(raw), "trainRows": cut, "testRows": len(raw) - cut, "testFrauds": int(y[cut:].sum())}
    for name, part in (("train", slice(0, cut)), ("test", slice(cut, None))):
        metrics[name] = {
            "rocAuc": round(float(roc_auc_score(y[part], score[part])), 4),
            "averagePrecision": round(float(average_precision_score(y[part], score[part])), 4),
            "averagePrecisionAtTrueRate": round(
                float(average_precision_score(y[part], score[part], sample_weight=weight[part])), 4
            ),
        }

    write_saved_model(model, os.path.join(HERE, "saved_model"))
    write_graph_model(model, os.path.join(HERE, "model.json"))
    write_manifest(mean, std)
    generator = fit_generator(raw[:cut], y[:cut])
    write_json("generator.json", generator)
    golden = draw(generator, rng, GOLDEN_RECORDS, 0.5)
    golden_x = transform(np.array([[record[name] for name in FIELDS] for record in golden]))
    golden_scores = model.serve(tf.constant(((golden_x - mean) / std).astype(np.float32)))["score"].numpy()[:, 0]
    write_json(
        "golden.json",
        [{"record": record, "outputs": {"score": [float(s)]}} for record, s in zip(golden, golden_scores)],
    )
    write_json("metrics.json", metrics)
    print(json.dumps(metrics, indent=1))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
