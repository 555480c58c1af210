"""Trains native-models/pricing/1 and writes everything this folder holds besides this file and README.md.

    pip install tensorflow-cpu==2.20.0
    python train.py            (node and the packages of this repository must be there)

Deterministic: one seed, deterministic kernels, one thread. Running it twice on one machine gives the same files.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))

from use_case import UseCase, deterministic, np, number  # noqa: E402
import tensorflow as tf  # noqa: E402

SEED = 20260106
RECORDS = 300_000
GOLDEN_RECORDS = 200
HOUR_MS = 3_600_000
# The windows reach back a day.
TRAIN_HOURS, TEST_HOURS = (24, 54), (54, 66)

PLAIN = ["path: distanceKm, log1p: true", "path: product, oneOf: [shared, economy, comfort]", "time: hour, path: at, cyclic: true"]
WINDOWS = [
    *(f"window: {{ function: count, by: region, size: {size}, hop: {hop} }}, log1p: true" for size, hop in (("10m", "30s"), ("1h", "5m"), ("1d", "1h"))),
    # What was paid a minute ago and before: the price of the ride itself is what the model guesses.
    "window: { function: mean, by: market, of: price, size: 10m, hop: 30s, delay: 1m }, log1p: true",
    "window: { function: mean, by: market, of: price, size: 1d, hop: 1h, delay: 1m }, log1p: true",
    "window: { function: mean, by: market, of: distanceKm, size: 10m, hop: 30s, delay: 1m }, log1p: true",
]
# By column of a row: whether the plan scales it.
SCALED = [True, *[False] * 5, *[True] * len(WINDOWS)]


def inputs_with(mean, std):
    scales = iter(f", mean: {number(m)}, std: {number(s)}" for m, s, scaled in zip(mean, std, SCALED) if scaled)
    entries = []
    for entry in PLAIN + WINDOWS:
        scaled = "log1p" in entry
        entries.append(f"  - {{ {entry}{next(scales) if scaled else ''} }}")
    # All rides of a market are in the partition of their region.
    return "\n".join(["inputs:", *entries, "windows: { time: at, ahead: unbounded, partitioning: trusted }"])


REST = """outputs:
  - { name: price, as: logPrice, hidden: true } # log1p of the price
results:
  - { as: price, rescale: logPrice, expm1: true }
artefacts:
  savedModel: { path: saved_model }
  web: { path: model.json }
golden: { path: golden.json, rtol: 1e-4, atol: 1e-4 }
distribution: { path: distribution.json }
"""


def fit(x, y):
    given = tf.keras.Input(shape=(x.shape[1],), name="ride")
    hidden = tf.keras.layers.Dense(64, "relu")(given)
    hidden = tf.keras.layers.Dense(32, "relu")(hidden)
    model = tf.keras.Model(given, {"price": tf.keras.layers.Dense(1, name="price")(hidden)})
    model.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss="huber")
    model.fit(x, {"price": y}, batch_size=256, epochs=12, verbose=2)
    return model


def error_of(model, x, price):
    guessed = np.expm1(model.predict(x, batch_size=4096, verbose=0)["price"][:, 0])
    return {
        "meanAbsolute": round(float(np.mean(np.abs(guessed - price))), 3),
        "meanAbsolutePercent": round(float(100 * np.mean(np.abs(guessed - price) / price)), 2),
    }


def main():
    deterministic(SEED)
    case = UseCase(HERE, "rides", SEED)
    path = case.records(RECORDS)
    case.manifest(inputs_with(np.zeros(len(SCALED)), np.ones(len(SCALED))))
    x, kept = case.matrix(path, ["at", "price"])
    at, price = kept["at"].astype(np.float64), kept["price"].astype(np.float32)
    hour = (at - at[0]) / HOUR_MS
    train_rows = (hour >= TRAIN_HOURS[0]) & (hour < TRAIN_HOURS[1])
    test_rows = (hour >= TEST_HOURS[0]) & (hour < TEST_HOURS[1])
    mean, std = (np.array([float(number(v)) for v in values]) for values in (x[train_rows].mean(axis=0), x[train_rows].std(axis=0)))
    inputs = inputs_with(mean, std)
    case.manifest(inputs)
    x = case.matrix(path)[0].astype(np.float32)

    y = np.log1p(price)
    alone = len(SCALED) - len(WINDOWS)
    model = fit(x[train_rows], y[train_rows])
    without = fit(x[train_rows, :alone], y[train_rows])
    golden = case.records(GOLDEN_RECORDS)
    fields = {"at": int, "region": str, "product": str, "market": str, "distanceKm": float, "price": float}
    case.write(model, golden, lambda rows: {"ride": rows}, fields, {"price": "logPrice"})
    guessed = model.predict(x[train_rows], batch_size=4096, verbose=0)["price"][:, 0]
    case.distribution(x[train_rows], {"price": np.expm1(guessed)})
    case.manifest(inputs, REST)
    case.metrics(
        {
            "trainRecords": int(train_rows.sum()),
            "testRecords": int(test_rows.sum()),
            "meanPrice": round(float(price[test_rows].mean()), 2),
            "errorWithWindows": error_of(model, x[test_rows], price[test_rows]),
            "errorWithoutWindows": error_of(without, x[test_rows, :alone], price[test_rows]),
        }
    )
    case.end()


if __name__ == "__main__":
    main()
