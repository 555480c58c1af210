"""Makes small models of every kind with today's Keras, each with records and the outputs that TensorFlow gives for them, and
then answers as export.py does: TensorFlow is imported once.

    python models.py FOLDER
"""

import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "native-models"))

import export
import numpy as np
import tensorflow as tf

keras = tf.keras
layers = keras.layers
RECORDS = 1_000
folder = sys.argv[1]
keras.utils.set_random_seed(17)
rng = np.random.default_rng(17)


def numbers(*shape):
    return rng.normal(0, 1, (RECORDS, *shape)).astype(np.float32)


def plain(value):
    return value.tolist() if hasattr(value, "tolist") else value


def write(name, fields, outputs, predict=None):
    """`fields`: by field of the records, their values. `outputs`: by output, the values for all records."""
    with open(os.path.join(folder, f"{name}.jsonl"), "w", encoding="utf8") as file:
        for index in range(RECORDS):
            record = {"id": index, **{field: plain(values[index]) for field, values in fields.items()}}
            file.write(json.dumps(record) + "\n")
    with open(os.path.join(folder, f"{name}.expected.json"), "w", encoding="utf8") as file:
        json.dump({output: np.asarray(values).reshape([RECORDS, -1]).tolist() for output, values in outputs.items()}, file)


def keep(name, model, fields, fed=None, names=None, ending="keras"):
    """Saves a Keras model, with what it gives for the fields."""
    model.save(os.path.join(folder, f"{name}.{ending}"))
    fed = list(fields.values()) if fed is None else fed
    tensors = [tf.constant(each) for each in fed]
    given = model(tensors if len(tensors) > 1 else tensors[0], training=False)
    if not isinstance(given, dict):
        given = {(names or ["score"])[0]: given}
    write(name, fields, {output: tensor.numpy() for output, tensor in given.items()})


def dense():
    x = rng.normal(3, 2, (RECORDS, 8)).astype(np.float32)
    normalization = layers.Normalization()
    normalization.adapt(x)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            normalization,
            layers.Dense(32, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(16, activation="tanh"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    model.fit(x, (x[:, 0] > 3).astype(int), verbose=0)
    fields = {f"V{index + 1}": x[:, index] for index in range(8)}
    for name, save in (
        ("dense", lambda path: model.save(f"{path}.keras")),
        ("dense-h5", lambda path: model.save(f"{path}.h5")),
        ("dense-saved", lambda path: model.export(path, verbose=False)),
        # What Keras 3 writes so is no model that a session of TensorFlow 1 can serve.
        ("dense-module", lambda path: tf.saved_model.save(model, path)),
    ):
        save(os.path.join(folder, name))
        write(name, fields, {"score": model(x, training=False).numpy()})


def two_inputs():
    amounts, item = keras.Input((6,), name="amounts"), keras.Input((), dtype="int32", name="item")
    joined = layers.Concatenate()([amounts, layers.Embedding(1_000, 8)(item)])
    hidden = layers.Dense(16, activation="relu")(joined)
    model = keras.Model([amounts, item], layers.Dense(1, activation="sigmoid", name="score")(hidden))
    keep("two-inputs", model, {"amounts": numbers(6), "item": rng.integers(0, 1_000, RECORDS).astype(np.int32)})


def three_outputs():
    features = keras.Input((5,), name="features")
    hidden = layers.Dense(8, activation="relu")(features)
    heads = {
        "risk": layers.Dense(1, activation="sigmoid")(hidden),
        "kind": layers.Dense(4, activation="softmax")(hidden),
        "amount": layers.Dense(1)(hidden),
    }
    keep("three-outputs", keras.Model(features, heads), {"features": numbers(5)})


def sequences():
    for name, layer in (
        ("lstm", layers.LSTM(12)),
        ("gru", layers.GRU(12)),
        ("both-ways", layers.Bidirectional(layers.LSTM(5))),
        ("conv", layers.Conv1D(8, 3, activation="relu")),
    ):
        steps = keras.Input((20, 4), name="steps")
        hidden = layer(steps)
        if name == "conv":
            hidden = layers.GlobalMaxPooling1D()(hidden)
        model = keras.Model(steps, layers.Dense(1, activation="sigmoid")(hidden))
        x = numbers(20, 4)
        keep(name, model, {"steps": x})
        if name == "lstm":
            model.export(os.path.join(folder, "lstm-saved"), verbose=False)
            write("lstm-saved", {"steps": x}, {"score": model(x).numpy()})


def masked():
    words = keras.Input((12,), dtype="int32", name="words")
    hidden = layers.LSTM(6, return_sequences=True)(layers.Embedding(100, 8, mask_zero=True)(words))
    hidden = layers.GRU(4, go_backwards=True, reset_after=False)(hidden)
    ids = rng.integers(1, 100, (RECORDS, 12)).astype(np.int32)
    # The last ones are padding, of another length in each record.
    ids[np.arange(12) > rng.integers(2, 12, (RECORDS, 1))] = 0
    keep("masked", keras.Model(words, layers.Dense(1, activation="gelu")(hidden)), {"words": ids})


def attention():
    tokens = keras.Input((10, 8), name="tokens")
    hidden = layers.LayerNormalization()(layers.MultiHeadAttention(2, 4)(tokens, tokens))
    keep("attention", keras.Model(tokens, layers.Dense(1)(layers.GlobalAveragePooling1D()(hidden))), {"tokens": numbers(10, 8)})


def texts():
    words = ["pay", "card", "cash", "late", "fee", "refund"]
    sentences = [" ".join(rng.choice(words, 4)) + "!" for _ in range(RECORDS)]
    vectors = layers.TextVectorization(max_tokens=50, output_sequence_length=6)
    vectors.adapt(sentences)
    text = keras.Input((), dtype="string", name="text")
    hidden = layers.GlobalAveragePooling1D()(layers.Embedding(50, 4)(vectors(text)))
    keep("text", keras.Model(text, layers.Dense(1)(hidden)), {"text": sentences})
    colour = keras.Input((), dtype="string", name="colour")
    ids = layers.StringLookup(vocabulary=["red", "green", "blue"])(colour)
    model = keras.Model(colour, layers.Dense(2)(layers.Embedding(4, 3)(ids)))
    keep("lookup", model, {"colour": rng.choice(["red", "green", "blue", "pink"], RECORDS).tolist()})


def autoencoder():
    sensors = keras.Input((16,), name="sensors")
    rebuilt = layers.Dense(16, name="rebuilt")(layers.Dense(4, activation="relu")(sensors))
    keep("autoencoder", keras.Model(sensors, rebuilt), {"sensors": numbers(16)}, names=["rebuilt"])


def recommender():
    user, item = keras.Input((), dtype="int64", name="user"), keras.Input((), dtype="int64", name="item")
    dot = layers.Dot(1)([layers.Embedding(1_000_001, 4)(user), layers.Embedding(5_000, 4)(item)])
    users, items = rng.integers(0, 1_000_001, RECORDS), rng.integers(0, 5_000, RECORDS)
    users[0] = 1_000_000
    keep("recommender", keras.Model([user, item], dot), {"user": users, "item": items})


class Wide(tf.Module):
    """What tfjs-node cannot feed: float64 and int64."""

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float64, "x"), tf.TensorSpec([None], tf.int64, "k")])
    def serve(self, x, k):
        return {"y": tf.reduce_sum(x, axis=1) * tf.cast(k, tf.float64), "next": k + 1}


def wide():
    module = Wide()
    tf.saved_model.save(module, os.path.join(folder, "wide"), signatures={"serve": module.serve})
    x, k = numbers(3), rng.integers(0, 100, RECORDS)
    given = module.serve(tf.constant(x, tf.float64), tf.constant(k))
    write("wide", {"x": x, "k": k}, {output: tensor.numpy() for output, tensor in given.items()})


def signature_of(*shape, kind=tf.float32):
    return tf.function(input_signature=[tf.TensorSpec(shape, kind, "x")])


class Odd(tf.Module):
    """What cannot score records one by one, or not without being told how."""

    @signature_of(None, 3)
    def fine(self, x):
        return {"y": x * 2}

    @signature_of(2, 3)
    def fixed(self, x):
        return {"y": x}

    @signature_of(None, 3)
    def scalar(self, x):
        return {"y": tf.reduce_sum(x)}

    @signature_of(None, 3, kind=tf.complex64)
    def complex(self, x):
        return {"y": x}


class Own(layers.Layer):
    def call(self, x):
        return x * 2


def odd():
    module, path = Odd(), lambda name: os.path.join(folder, name)
    for name in ("fixed", "scalar", "complex"):
        tf.saved_model.save(module, path(name), signatures={"serving_default": getattr(module, name)})
    tf.saved_model.save(module, path("no-signature"))
    tf.saved_model.save(module, path("two-signatures"), signatures={"one": module.fine, "other": module.fine})
    x = keras.Input((3,), name="x")
    keras.Model(x, Own()(x)).save(path("own-layer.keras"))
    keras.Model(x, layers.Dense(1)(x)).save_weights(path("only.weights.h5"))
    open(path("broken.keras"), "w").close()


def others():
    """Models that need more than a call, or that no call can import."""
    steps = keras.Input((None, 4), name="steps")
    model = keras.Model(steps, layers.Dense(1)(layers.GRU(3)(steps)))
    keep("open-steps", model, {"steps": numbers(6, 4)})
    x = keras.Input((3,), name="x")
    keras.Model(x, layers.Lambda(lambda value: value * 2)(x)).save(os.path.join(folder, "lambda.keras"))
    export.export_to(os.path.join(folder, "dense.keras"), os.path.join(folder, "exported"))
    write_of = lambda ending: os.path.join(folder, f"dense{ending}")
    for ending in (".jsonl", ".expected.json"):
        shutil.copy(write_of(ending), os.path.join(folder, f"exported{ending}"))


for make in (dense, two_inputs, three_outputs, sequences, masked, attention, texts, autoencoder, recommender, wide, odd, others):
    make()
open(os.path.join(folder, "complete"), "w").close()
export.serve_requests()
