"""Trains native-models/recommendation/1 and writes everything this folder holds besides this file and README.md.

    pip install tensorflow-cpu==2.20.0
    python train.py            (node and the packages of this repository must be there)

Deterministic: one seed, deterministic kernels, one thread. Running it twice on one machine gives the same files.
"""

import csv
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))

from use_case import UseCase, deterministic, np  # noqa: E402
import tensorflow as tf  # noqa: E402

SEED = 20260105
RECORDS, TEST_RECORDS = 300_000, 30_000
GOLDEN_RECORDS = 8
DIMENSIONS = 16
K = 10

# One word a line: the first has the number 1, and 0 is everybody and everything that is not known.
INPUTS = """
tensors:
  - { name: user, type: int32, shape: [], inputs: [{ path: user, vocabulary: { file: users.txt } }] }
  - { name: item, type: int32, shape: [], inputs: [{ path: item, vocabulary: { file: items.txt } }] }
"""
REST = f"""
outputs:
  - {{ name: scores, hidden: true }} # one for each item
results:
  - {{ as: items, top: scores, k: {K}, labels: {{ file: items.txt }}, scoresAs: scoresOfItems }}
artefacts:
  savedModel: {{ path: saved_model }}
  web: {{ path: model.json }}
golden: {{ path: golden.json, rtol: 1e-4, atol: 1e-4 }}
distribution: {{ path: distribution.json }}
"""


def write_words(name, words):
    with open(os.path.join(HERE, name), "w", encoding="utf8") as file:
        file.write("".join(f"{word}\n" for word in words))


def build(users, items):
    user = tf.keras.Input(shape=(), dtype="int32", name="user")
    item = tf.keras.Input(shape=(), dtype="int32", name="item")
    taste = tf.keras.layers.Embedding(users + 1, DIMENSIONS)(user)
    likeness = tf.keras.layers.Embedding(items + 1, DIMENSIONS)(item)
    both = tf.keras.layers.Add()([taste, likeness])
    scores = tf.keras.layers.Dense(items, name="scores")(both)
    return tf.keras.Model([user, item], {"scores": scores})


def hit_rate(top, following):
    return round(float(np.mean([actual in row for row, actual in zip(top, following)])), 4)


def main():
    deterministic(SEED)
    case = UseCase(HERE, "views", SEED)
    path = case.records(RECORDS)
    with open(path, encoding="utf8") as file:
        views = list(csv.DictReader(file))
    users = sorted({view["user"] for view in views}, key=lambda name: int(name[1:]))
    items = sorted({view["next"] for view in views} | {view["item"] for view in views}, key=lambda name: int(name[1:]))
    write_words("users.txt", users)
    write_words("items.txt", items)
    case.manifest(INPUTS)
    ids, kept = case.matrix(path, ["next"])
    ids = ids.astype(np.int32)
    places = {name: index for index, name in enumerate(items)}
    following = np.array([places[name] for name in kept["next"]], np.int32)

    model = build(len(users), len(items))
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf.keras.optimizers.Adam(2e-3), loss=loss)
    seen = slice(0, RECORDS - TEST_RECORDS)
    test = slice(RECORDS - TEST_RECORDS, RECORDS)
    model.fit({"user": ids[seen, 0], "item": ids[seen, 1]}, {"scores": following[seen]}, batch_size=512, epochs=6, verbose=2)

    scores = model.predict({"user": ids[test, 0], "item": ids[test, 1]}, batch_size=4096, verbose=0)["scores"]
    top = np.argsort(-scores, axis=1)[:, :K]
    popular = np.argsort(-np.bincount(following[seen], minlength=len(items)))[:K]
    fields = {"user": str, "item": str}
    golden = case.records(GOLDEN_RECORDS)
    case.write(model, golden, lambda x: {"user": x[:, 0].astype(int), "item": x[:, 1].astype(int)}, fields, {"scores": "scores"})
    case.distribution(ids[seen], {})
    case.manifest(INPUTS, REST.lstrip())
    case.metrics(
        {
            "trainRecords": RECORDS - TEST_RECORDS,
            "testRecords": TEST_RECORDS,
            "users": len(users),
            "items": len(items),
            f"hitRateAt{K}": hit_rate(top, following[test]),
            f"hitRateAt{K}OfTheMostPopular": hit_rate(np.tile(popular, (TEST_RECORDS, 1)), following[test]),
        }
    )
    case.end()


if __name__ == "__main__":
    main()
