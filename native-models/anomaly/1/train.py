"""Trains native-models/anomaly/1 and writes everything this folder holds besides this file and README.md.

    pip install tensorflow-cpu==2.20.0 scikit-learn==1.9.1
    python train.py            (node and the packages of this repository must be there)

An autoencoder: it learns to write again what sound machines show, and is bad at what it has not seen. No label is used to train it.

Deterministic: one seed, deterministic kernels, one thread. Running it twice on one machine gives the same files.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))

from use_case import UseCase, deterministic, np, number  # noqa: E402
import tensorflow as tf  # noqa: E402
from sklearn.metrics import average_precision_score, roc_auc_score  # noqa: E402

SEED = 20260107
RECORDS = 400_000
GOLDEN_RECORDS = 300
# Of the seconds of the history. The windows reach back ten minutes.
TRAIN_SECONDS, TEST_SECONDS = (600, 2_800), (2_800, 4_000)
SENSORS = ["temperature", "vibration", "pressure", "current"]
STEPS = 10
# So many of the readings of the training are called unusual.
ALARMS = 0.002


def inputs_with(mean, std):
    scale = [f"mean: {number(m)}, std: {number(s)}" for m, s in zip(mean, std)]
    lasts = [
        f"      - {{ window: {{ function: last, by: machine, of: {name}, count: {STEPS}, size: 10m, empty: {number(m)} }}, {scaled} }}"
        for name, m, scaled in zip(SENSORS, mean, scale)
    ]
    levels = [
        f"      - {{ window: {{ function: mean, by: machine, of: {name}, size: 10m, hop: 30s }}, {scaled} }}"
        for name, scaled in zip(SENSORS, scale)
    ]
    return "\n".join(
        [
            "tensors:",
            f"  - name: readings # the last {STEPS} of each sensor",
            f"    shape: [{len(SENSORS)}, {STEPS}]",
            "    inputs:",
            *lasts,
            "  - name: levels",
            "    inputs:",
            *levels,
            "windows: { time: at, ahead: unbounded }",
        ]
    )


def rest_with(threshold):
    return f"""outputs:
  - {{ name: again, hidden: true }} # the readings, as the autoencoder writes them again
results:
  - {{ as: error, reconstructionError: again, of: readings }}
  - {{ as: anomaly, threshold: error, above: {number(threshold)} }} # as {100 * ALARMS:g} % of the readings in training
artefacts:
  savedModel: {{ path: saved_model }}
  web: {{ path: model.json }}
golden: {{ path: golden.json, rtol: 1e-4, atol: 1e-4 }}
distribution: {{ path: distribution.json }}
"""


def build():
    readings = tf.keras.Input(shape=(len(SENSORS), STEPS), name="readings")
    levels = tf.keras.Input(shape=(len(SENSORS),), name="levels")
    both = tf.keras.layers.Concatenate()([tf.keras.layers.Flatten()(readings), levels])
    hidden = tf.keras.layers.Dense(64, "relu")(both)
    code = tf.keras.layers.Dense(5)(hidden)
    hidden = tf.keras.layers.Dense(64, "relu")(code)
    again = tf.keras.layers.Dense(len(SENSORS) * STEPS)(hidden)
    again = tf.keras.layers.Reshape((len(SENSORS), STEPS), name="again")(again)
    return tf.keras.Model([readings, levels], {"again": again})


def split(x):
    """The two tensors in the rows of the matrix."""
    wide = len(SENSORS) * STEPS
    return {"readings": x[:, :wide].reshape([-1, len(SENSORS), STEPS]), "levels": x[:, wide:]}


def quality(score, fault):
    return {
        "rocAuc": round(float(roc_auc_score(fault, score)), 4),
        "averagePrecision": round(float(average_precision_score(fault, score)), 4),
    }


def main():
    deterministic(SEED)
    case = UseCase(HERE, "sensors", SEED)
    path = case.records(RECORDS)
    case.manifest(inputs_with(np.zeros(4), np.ones(4)))
    x, kept = case.matrix(path, ["at", "fault"])
    at, fault = kept["at"].astype(np.float64), kept["fault"].astype(np.int32) > 0
    second = (at - at[0]) // 1_000
    train_rows = (second >= TRAIN_SECONDS[0]) & (second < TRAIN_SECONDS[1])
    test_rows = (second >= TEST_SECONDS[0]) & (second < TEST_SECONDS[1])
    # The newest reading of each sensor.
    newest = x[train_rows][:, STEPS - 1 : len(SENSORS) * STEPS : STEPS]
    mean, std = (np.array([float(number(v)) for v in values]) for values in (newest.mean(axis=0), newest.std(axis=0)))
    inputs = inputs_with(mean, std)
    case.manifest(inputs)
    x = case.matrix(path)[0].astype(np.float32)

    model = build()
    model.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss="mse")
    seen = split(x[train_rows])
    model.fit(seen, {"again": seen["readings"]}, batch_size=512, epochs=20, verbose=2)

    def errors(rows):
        given = split(x[rows])
        again = model.predict(given, batch_size=4096, verbose=0)["again"]
        return np.mean((again - given["readings"]) ** 2, axis=(1, 2))

    trained = errors(train_rows)
    threshold = float(np.quantile(trained, 1 - ALARMS))
    error = errors(test_rows)
    alone = np.abs(x[test_rows][:, STEPS - 1 : len(SENSORS) * STEPS : STEPS]).max(axis=1)
    golden = case.records(GOLDEN_RECORDS)
    fields = {"at": int, "machine": str, **{name: float for name in SENSORS}}
    case.write(model, golden, split, fields, {"again": "again"})
    case.distribution(x[train_rows], {"error": trained})
    case.manifest(inputs, rest_with(threshold))
    alarms = error > threshold
    case.metrics(
        {
            "trainRecords": int(train_rows.sum()),
            "testRecords": int(test_rows.sum()),
            "testFaults": int(fault[test_rows].sum()),
            "error": quality(error, fault[test_rows]),
            "furthestSensorAlone": quality(alone, fault[test_rows]),
            "alarmsThatAreFaults": round(float(fault[test_rows][alarms].mean()), 4),
        }
    )
    case.end()


if __name__ == "__main__":
    main()
