"""What the training scripts of the models here share: a multilayer perceptron, and how it is written for TensorFlow and for
TensorFlow.js."""

import base64
import json
import os
import shutil

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf


def deterministic(seed):
    """One thread, deterministic kernels: running a script twice gives the same files. Returns a random generator."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(seed)
    tf.config.experimental.enable_op_determinism()
    return np.random.default_rng(seed)


def initialise(rng, sizes):
    """Weights and biases of dense layers between these widths, after Glorot and Bengio 2010."""
    layers = []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        limit = np.sqrt(6.0 / (fan_in + fan_out))
        layers.append((rng.uniform(-limit, limit, (fan_in, fan_out)), np.zeros(fan_out)))
    return layers


class Mlp(tf.Module):
    """Dense layers with ReLU between them, and one logit at the end."""

    def __init__(self, layers):
        super().__init__()
        self.weights = [tf.Variable(w, dtype=tf.float32, name=f"dense_{i}/kernel") for i, (w, _) in enumerate(layers)]
        self.biases = [tf.Variable(b, dtype=tf.float32, name=f"dense_{i}/bias") for i, (_, b) in enumerate(layers)]
        self.width = len(layers[0][0])
        signature = [tf.TensorSpec([None, self.width], tf.float32, name="features")]
        self.serve = tf.function(self._serve, input_signature=signature)

    def logits(self, x):
        for weight, bias in zip(self.weights[:-1], self.biases[:-1]):
            x = tf.nn.relu(tf.matmul(x, weight) + bias)
        return tf.matmul(x, self.weights[-1]) + self.biases[-1]

    def _serve(self, features):
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
            "attr": {"dtype": dtype, "shape": {"shape": {"dim": [{"size": "-1"}, {"size": str(model.width)}]}}},
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
        fused = ["BiasAdd"] + (["Relu"] if i + 1 < len(model.weights) else [])
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
            "inputs": {"features": tensor("features:0", model.width)},
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


def write_onnx(layers, path):
    """The same for onnxruntime, from weights and biases."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, values, last = [], [], "features"
    for i, (weight, bias) in enumerate(layers):
        for name, value in ((f"dense_{i}/kernel", weight), (f"dense_{i}/bias", bias)):
            values.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        nodes.append(helper.make_node("Gemm", [last, f"dense_{i}/kernel", f"dense_{i}/bias"], [f"dense_{i}"]))
        is_last = i + 1 == len(layers)
        last = "score" if is_last else f"dense_{i}/relu"
        nodes.append(helper.make_node("Sigmoid" if is_last else "Relu", [f"dense_{i}"], [last]))
    tensor = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["records", width])
    graph = helper.make_graph(
        nodes, "mlp", [tensor("features", len(layers[0][0]))], [tensor("score", 1)], values
    )
    opsets = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, producer_name="train.py", ir_version=8, opset_imports=opsets), path)


def write_model(model, folder):
    """All forms of the model, with the names that model.yaml gives them."""
    write_saved_model(model, os.path.join(folder, "saved_model"))
    write_graph_model(model, os.path.join(folder, "model.json"))
    layers = [(weight.numpy(), bias.numpy()) for weight, bias in zip(model.weights, model.biases)]
    write_onnx(layers, os.path.join(folder, "model.onnx"))


def number(value):
    return f"{float(value):.9g}"


def write_json(path, value):
    with open(path, "w", encoding="utf8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
