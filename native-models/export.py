"""Makes of a saved TensorFlow model what scorelane serves: a SavedModel for the native backend, and a TensorFlow.js graph model
(model.json and weights) for WASM and JavaScript. It needs nothing but the TensorFlow that has made the model.

    python export.py MODEL OUT [--signature NAME] [--shape INPUT=20,4] [--rows ROWS.json]

MODEL is a SavedModel folder, a .keras file or a .h5 file. OUT must not exist: it gets `saved_model/`, `model.json` with its
weights, and `export.json`, which says what is inside. With --rows (a map from each input's name to a list), `export.json` also
has the outputs for those rows. `scorelane models import OUT --name NAME` goes on from there, on a machine without Python.

`python export.py --serve` answers requests, a line of JSON each: scorelane runs it so where Python is beside it.
"""

import argparse
import base64
import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import traceback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["KERAS_BACKEND"] = "tensorflow"

# What TensorFlow prints is no answer of ours: it goes to standard error.
ANSWERS = os.fdopen(os.dup(1), "w", encoding="utf8")
os.dup2(2, 1)


class Refusal(Exception):
    """What is wrong with the model, in words for the person who has it."""


try:
    import numpy as np
    import tensorflow as tf
    from google.protobuf.json_format import MessageToDict
    from tensorflow.core.framework import attr_value_pb2, graph_pb2, node_def_pb2
    from tensorflow.core.protobuf import config_pb2
    from tensorflow.python.framework import function_def_to_graph
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
    from tensorflow.python.grappler import tf_optimizer
except ImportError as error:
    print(json.dumps({"error": f"{sys.executable} has no TensorFlow ({error})"}), file=ANSWERS, flush=True)
    sys.exit(69)

# What a record can give, for each type that a model may want. TensorFlow.js has no others.
FED_AS = {
    **dict.fromkeys(["float32", "float64", "float16", "bfloat16"], "float32"),
    **dict.fromkeys(["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"], "int32"),
    "bool": "bool",
    "string": "string",
}
LOOP_STEPS_MAX = 2_000
SHARD_BYTES = 4 << 20


class Spec:
    """One input or output: `shape` is without the records, `kind` is the type in the model."""

    def __init__(self, name, kind, shape):
        self.name, self.kind, self.shape = name, kind, shape
        if kind not in FED_AS:
            raise Refusal(f'"{name}" is {kind}: expected float32, int32, bool or string, or a type that can be cast to them')

    @property
    def fed_as(self):
        return FED_AS[self.kind]

    @property
    def tensor(self):
        return tf.TensorSpec([None, *self.shape], self.fed_as, name=self.name)

    def told(self):
        return {"name": self.name, "type": self.fed_as, "shape": self.shape, "savedAs": self.kind}


def spec_of(name, tensor, shapes):
    """The shape that the person has given goes before the one that is saved."""
    if tensor.shape.rank is None or tensor.shape.rank == 0:
        saved = "no fixed rank" if tensor.shape.rank is None else "a scalar"
        raise Refusal(f'input "{name}" has {saved}: expected a first dimension for the records')
    shape = list(tensor.shape)
    if shape[0] is not None:
        raise Refusal(f'input "{name}" takes {shape[0]} at a time, no more and no less: expected a first dimension that is open (None)')
    given = shapes.get(name)
    if given is not None and (len(given) != len(shape) - 1 or any(b not in (None, a) for a, b in zip(given, shape[1:]))):
        raise Refusal(f'input "{name}" has the shape {shape[1:]} without the records: --shape says {given}')
    return Spec(name, tensor.dtype.name, given or shape[1:])


class KerasModel:
    """A .keras or .h5 file. Its inputs and outputs get names that do not change with each run of a notebook."""

    kind = "keras"
    signatures = None

    def __init__(self, path, _signature, shapes):
        try:
            self.model = tf.keras.models.load_model(path, compile=False)
        except Exception as error:
            raise Refusal(why_keras_refuses(path, error)) from error
        import keras

        self.made_with = f"Keras {getattr(keras, '__version__', '?')}, TensorFlow {tf.__version__}"
        inputs = getattr(self.model, "inputs", None)
        if not inputs:
            raise Refusal(f"{path} has no known inputs: call the model once on data before it is saved, or use keras.Input")
        names = [without_number(tensor.name.split(":")[0]) for tensor in inputs]
        names = [name or ("input" if len(names) == 1 else f"input_{i}") for i, name in enumerate(names)]
        self.inputs = [spec_of(name, open_spec(tensor), shapes) for name, tensor in zip(names, inputs)]
        self.parameters = int(self.model.count_params())

    def call(self, tensors):
        values = [tf.cast(tensors[spec.name], spec.kind) for spec in self.inputs]
        outputs = self.model(self._packed(values), training=False)
        if isinstance(outputs, dict):
            return dict(outputs)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        return dict(zip(self._output_names(len(outputs)), outputs))

    def _packed(self, values):
        """In the structure that the model was made with: one, a list or a map."""
        if isinstance(self.model, tf.keras.Sequential):
            return values[0]
        return tf.nest.pack_sequence_as(self.model.input, values)

    def _output_names(self, count):
        """Names that a person has given; those that Keras has numbered become output_0, as `model.export` names them."""
        names = list(getattr(self.model, "output_names", None) or [])
        if len(names) != count:
            names = [""] * count
        for index, name in enumerate(names):
            layer = next((each for each in self.model.layers if each.name == name), None)
            default = "" if layer is None else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(layer).__name__).lower()
            if layer is None or re.sub(r"_\d+$", "", name) == default:
                names[index] = f"output_{index}"
        return names if len(set(names)) == count else [f"output_{index}" for index in range(count)]

    def save(self, folder, function, specs):
        archive_of = getattr(getattr(tf.keras, "export", None), "ExportArchive", None)
        if archive_of is None:
            module = tf.Module()
            module.model = self.model
            tf.saved_model.save(module, folder, signatures={"serving_default": function})
            return
        archive = archive_of()
        archive.track(self.model)
        archive.add_endpoint("serve", function, input_signature=specs)
        signature = archive._endpoint_signatures.get("serve") if hasattr(archive, "_endpoint_signatures") else None
        archive.write_out(folder, **({"verbose": False} if signature is not None else {}))


def without_number(name):
    """None for a name that Keras has made up: it counts on with each model of a session."""
    return None if re.fullmatch(r"(keras_tensor|input_layer|input|\w+_input)(_\d+)?", name) else name


def open_spec(tensor):
    shape = list(tensor.shape)
    return tf.TensorSpec([None, *shape[1:]] if shape else [], tf.as_dtype(tensor.dtype), name=tensor.name)


def why_keras_refuses(path, error):
    said = str(error).split("\n")[0][:300]
    if "Lambda" in str(error) and "safe_mode" in str(error):
        return f"{path} has a Lambda layer, whose Python code a file may not bring along: save it with model.export(FOLDER), and import the folder"
    if "registered" in str(error) or "Unknown layer" in str(error) or "Could not locate" in str(error):
        return f"{path} has layers of your own code ({said}): save it with model.export(FOLDER), which needs no code, and import the folder"
    return f"{path}: expected a model that Keras can load, found one that it cannot ({said})"


class SavedModel:
    """A SavedModel folder, of whatever has written it."""

    kind = "savedModel"

    def __init__(self, path, wanted, shapes):
        try:
            self.loaded = tf.saved_model.load(path)
        except Exception as error:
            raise Refusal(f"{path}: expected a SavedModel, found one that TensorFlow cannot load ({str(error).split(chr(10))[0][:300]})") from error
        self.made_with = f"TensorFlow {getattr(self.loaded, 'tensorflow_version', tf.__version__)}"
        found = dict(self.loaded.signatures)
        self.signatures = sorted(found)
        if not found:
            raise Refusal(f"{path} has no signatures: save it with model.export(FOLDER), or tf.saved_model.save(…, signatures=…)")
        default = "serving_default" if "serving_default" in found else self.signatures[0] if len(found) == 1 else None
        self.signature = wanted or default
        if self.signature not in found:
            raise Refusal(f"{path} has the signatures {', '.join(self.signatures)}: " + (f'found no "{wanted}"' if wanted else "say which by --signature"))
        self.function = found[self.signature]
        _, tensors = self.function.structured_input_signature
        self.saved_inputs = {name: tensor for name, tensor in tensors.items() if isinstance(tensor, tf.TensorSpec)}
        self.inputs = [spec_of(name, tensor, shapes) for name, tensor in self.saved_inputs.items()]
        self.parameters = sum(int(np.prod(each.shape)) for each in self.function.variables)

    def call(self, tensors):
        return dict(self.function(**{spec.name: tf.cast(tensors[spec.name], spec.kind) for spec in self.inputs}))

    def save(self, folder, function, _specs):
        module = tf.Module()
        module.loaded = self.loaded
        tf.saved_model.save(module, folder, signatures={"serving_default": function})


def opened(path, signature, shapes):
    if os.path.isdir(path) and os.path.exists(os.path.join(path, "saved_model.pb")):
        return SavedModel(path, signature, shapes)
    return KerasModel(path, signature, shapes)


# ---- The graph model for TensorFlow.js


class NotForWeb(Exception):
    """Why a model cannot become a TensorFlow.js graph model."""


def frozen(function):
    """The graph with its weights in it, as (GraphDef, inputs by name, outputs by name); control flow is kept as functions."""
    concrete = function.get_concrete_function()
    try:
        constant = convert_variables_to_constants_v2(concrete, lower_control_flow=False, aggressive_inlining=True)
    except Exception as error:
        raise NotForWeb(f"its variables cannot become constants ({str(error).split(chr(10))[0][:200]})") from error
    names = list(concrete.structured_input_signature[0]) or list(concrete.structured_input_signature[1].values())
    inputs = {spec.name: tensor.name for spec, tensor in zip(names, constant.inputs)}
    flat = tf.nest.flatten(concrete.structured_outputs)
    outputs = {name: tensor.name for name, tensor in zip(sorted(concrete.structured_outputs), constant.outputs)}
    assert len(flat) == len(outputs)
    return constant.graph.as_graph_def(), inputs, outputs


def operations_of(graph_def):
    counts = {}
    for nodes in [graph_def.node, *(each.node_def for each in graph_def.library.function)]:
        for node in nodes:
            counts[node.op] = counts.get(node.op, 0) + 1
    return {op: counts[op] for op in sorted(counts) if op not in ("Const", "Placeholder", "NoOp", "Identity", "_Arg", "_Retval")}


def grappled(graph_def, inputs, outputs):
    """TensorFlow's own optimiser, without the passes that make operations which TensorFlow.js does not have."""
    graph = tf.Graph()
    with graph.as_default():
        tf.graph_util.import_graph_def(graph_def, name="")
    meta = tf.compat.v1.train.export_meta_graph(graph_def=graph.as_graph_def(add_shapes=True), graph=graph)
    for name in [*inputs, *outputs]:
        meta.collection_def["train_op"].node_list.value.append(name)
    config = config_pb2.ConfigProto()
    rewriting = config.graph_options.rewrite_options
    rewriting.min_graph_nodes = -1
    rewriting.optimizers[:] = ["function", "debug_stripper", "constfold", "arithmetic", "dependency", "constfold", "dependency"]
    rewriting.fail_on_optimizer_errors = False
    return tf_optimizer.OptimizeGraph(config, meta)


SCALARS = {
    "Less": np.less, "LessEqual": np.less_equal, "Greater": np.greater, "GreaterEqual": np.greater_equal,
    "Equal": np.equal, "NotEqual": np.not_equal, "LogicalAnd": np.logical_and, "LogicalOr": np.logical_or,
    "LogicalNot": np.logical_not, "Add": np.add, "AddV2": np.add, "Sub": np.subtract, "Mul": np.multiply,
    "Minimum": np.minimum, "Maximum": np.maximum, "FloorDiv": np.floor_divide, "FloorMod": np.mod,
}  # fmt: skip
# Nodes that give what they take.
PASSING = ("Identity", "StopGradient", "Snapshot", "PreventGradient", "EnsureShape")
LOOPS = ("While", "StatelessWhile")
BRANCHES = ("If", "StatelessIf")
CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def must_be_rewritten(graph_def):
    nodes = [*graph_def.node, *(node for each in graph_def.library.function for node in each.node_def)]
    return any(node.op in (*LOOPS, *BRANCHES, *CALLS) or node.op.startswith("TensorList") or is_replaced(node) for node in nodes)


def is_replaced(node):
    """Operations that TensorFlow.js, or its WASM backend, lacks or gets wrong: `replacement_of` has others for them."""
    return node.op in ("Einsum", "Erfc") or (node.op == "ReverseV2" and node.attr["T"].type == tf.bool.as_datatype_enum)


def replacement_of(node, inputs):
    """None where there is none."""
    if node.op == "Einsum":
        return as_product(node.attr["equation"].s.decode(), inputs)
    if node.op == "Erfc":
        return 1.0 - tf.math.erf(inputs[0])
    # WASM reverses flags as if they had four bytes.
    return tf.cast(tf.reverse(tf.cast(inputs[0], tf.int32), inputs[1]), tf.bool)


class Unrolling:
    """Writes a graph anew, with each loop as its steps one after the other, because TensorFlow.js can run a loop only
    asynchronously; and with others in place of operations that it lacks.

    A value is a tensor of the new graph, or a Python list where the old graph had a TensorList. The steps of a loop must not
    depend on data: in a recurrent layer they are the length of the sequence.
    """

    def __init__(self, graph_def):
        self.functions = {each.signature.name: each for each in graph_def.library.function}
        self.graph_def = graph_def
        self.graph = tf.Graph()
        self.known = {}
        self.constants = {}
        self.bodies = {}
        self.steps = []

    def run(self, outputs):
        """The new graph; its outputs have the names they had."""
        with self.graph.as_default():
            found = self._evaluate("", self.graph_def, {}, outputs)
            for name, tensor in zip(outputs, found):
                tf.identity(tensor, name=f"{name.split(':')[0]}_unrolled")
        return self.graph.as_graph_def(), [f"{name.split(':')[0]}_unrolled:0" for name in outputs]

    def _evaluate(self, scope, graph_def, given, wanted):
        """`given`: the values of the placeholders, by the names of their nodes."""
        values = {name: [value] for name, value in given.items()}
        nodes = {node.name: node for node in graph_def.node}
        waiting = [reference_of(each)[0] for each in wanted]
        while waiting:
            name = waiting[-1]
            if name in values:
                waiting.pop()
                continue
            node = nodes[name]
            references = [reference_of(each) for each in node.input if not each.startswith("^")]
            missing = [each for each, _ in references if each not in values]
            if missing:
                waiting.extend(missing)
                continue
            values[name] = self._node(scope, node, [values[each][index] for each, index in references])
            waiting.pop()
        return [values[name][index] for name, index in map(reference_of, wanted)]

    def _call(self, function, arguments):
        if function not in self.bodies:
            body, flat = function_def_to_graph.function_def_to_graph_def(self.functions[function])
            definition = self.functions[function]
            names = [each.name for each in definition.signature.input_arg]
            self.bodies[function] = body, names, [flat[definition.ret[each.name]] for each in definition.signature.output_arg]
        body, names, outputs = self.bodies[function]
        return self._evaluate(function, body, dict(zip(names, arguments)), outputs)

    def _value(self, value):
        """What is known of it without any data, or None."""
        if isinstance(value, list):
            return None
        found = self.known.get(id(value))
        return tf.get_static_value(value) if found is None else found[1]

    def _node(self, scope, node, inputs):
        if node.op == "Const":
            return self._constant(scope, node)
        if node.op in LOOPS:
            return self._loop(node, inputs)
        if node.op in BRANCHES:
            taken = self._value(inputs[0])
            if taken is None:
                raise NotForWeb(f'it has a branch that depends on data ("{node.name}")')
            return self._call(node.attr["then_branch" if taken else "else_branch"].func.name, inputs[1:])
        if node.op in CALLS:
            return self._call(node.attr["f"].func.name, inputs)
        if node.op.startswith("TensorList") or node.op == "EmptyTensorList":
            return [self._list(node, inputs)]
        if node.op in PASSING:
            return inputs[:1]
        if any(isinstance(each, list) for each in inputs):
            raise NotForWeb(f'"{node.name}" ({node.op}) takes a list of tensors, which cannot be unrolled')
        if is_replaced(node):
            found = replacement_of(node, inputs)
            if found is not None:
                return [found]
        return self._emit(node, inputs)

    def _constant(self, scope, node):
        key = (scope, node.name)
        if key not in self.constants:
            self.constants[key] = self._emit(node, [])
        return self.constants[key]

    def _emit(self, node, inputs):
        attributes = {name: value for name, value in node.attr.items() if not name.startswith("_")}
        operation = self.graph._create_op_internal(node.op, inputs, attrs=attributes, name=node.name.lstrip("_") or "node")
        compute = SCALARS.get(node.op)
        operands = [self._value(each) for each in inputs] if compute is not None else [None]
        if all(each is not None and np.size(each) <= 16 for each in operands):
            output = operation.outputs[0]
            # The tensor is kept with its value: an id of a tensor that is gone could come again.
            self.known[id(output)] = (output, compute(*operands))
        return list(operation.outputs)

    def _loop(self, node, values):
        condition, body = node.attr["cond"].func.name, node.attr["body"].func.name
        for step in range(LOOP_STEPS_MAX + 1):
            goes_on = self._value(self._call(condition, values)[0])
            if goes_on is None:
                raise NotForWeb(f'the steps of its loop "{node.name}" depend on data: give the length of the sequence by --shape INPUT=STEPS,FEATURES')
            if not goes_on:
                self.steps.append({"loop": node.name, "steps": step})
                return values
            values = self._call(body, values)
        raise NotForWeb(f'its loop "{node.name}" has more than {LOOP_STEPS_MAX} steps')

    def _list(self, node, inputs):
        def whole(value):
            found = self._value(value)
            if found is None:
                raise NotForWeb(f'"{node.name}" ({node.op}) depends on data')
            return int(found)

        if node.op == "TensorListReserve":
            return [None] * whole(inputs[1])
        if node.op == "EmptyTensorList":
            return []
        if node.op == "TensorListFromTensor":
            if inputs[0].shape.rank is None or inputs[0].shape[0] is None:
                raise NotForWeb(f'the length of a sequence is not fixed ("{node.name}"): give it by --shape INPUT=STEPS,FEATURES')
            return tf.unstack(inputs[0])
        if node.op == "TensorListLength":
            return tf.constant(len(inputs[0]), tf.int32)
        if node.op == "TensorListPushBack":
            return [*inputs[0], inputs[1]]
        if node.op == "TensorListSetItem":
            items = list(inputs[0])
            items[whole(inputs[1])] = inputs[2]
            return items
        if node.op == "TensorListGetItem":
            item = inputs[0][whole(inputs[1])]
            if item is not None:
                return item
        if node.op == "TensorListStack" and all(item is not None for item in inputs[0]):
            return tf.stack(inputs[0])
        raise NotForWeb(f'"{node.name}" ({node.op}) cannot be unrolled')


def as_product(equation, operands):
    """What an equation of two operands computes, by transposing, reshaping and multiplying; None where that is not enough."""
    terms, _, result = equation.replace(" ", "").partition("->")
    terms = terms.split(",")
    if len(terms) != 2 or "." in equation or any(len(set(term)) != len(term) for term in (*terms, result)):
        return None
    left, right = terms
    sizes = {label: size for term, each in zip(terms, operands) for label, size in zip(term, each.shape)}
    batch = [each for each in left if each in right and each in result]
    summed = [each for each in left if each in right and each not in result]
    rows = [each for each in left if each not in right]
    columns = [each for each in right if each not in left]
    if {*rows, *columns} - {*result} or sum(size is None for size in sizes.values()) > 1:
        return None
    flat = lambda labels: int(np.prod([sizes[each] or -1 for each in labels])) if all(sizes[each] for each in labels) else -1
    lengths = lambda labels: [sizes[each] or -1 for each in labels]

    def arranged(tensor, term, *groups):
        order = [term.index(each) for group in (batch, *groups) for each in group]
        return tf.reshape(tf.transpose(tensor, order), [*lengths(batch), *(flat(group) for group in groups)])

    product = tf.matmul(arranged(operands[0], left, rows, summed), arranged(operands[1], right, summed, columns))
    labels = [*batch, *rows, *columns]
    return tf.transpose(tf.reshape(product, lengths(labels)), [labels.index(each) for each in result])


def reference_of(text):
    name, _, index = text.partition(":")
    return name, int(index or 0)


ACTIVATIONS = ("Relu", "Relu6", "Sigmoid", "Elu")


class Folding:
    """Makes nodes fewer: without those that pass a value on, and with bias and activation inside of a product of matrices."""

    def __init__(self, graph_def, outputs):
        self.nodes = {node.name: node for node in graph_def.node}
        self.outputs = outputs
        self._skip_passing()
        self.consumers = {}
        for node in self.nodes.values():
            for each in node.input:
                self.consumers.setdefault(reference_of(each)[0], []).append(node.name)
        self.kept = {reference_of(each)[0] for each in self.outputs.values()}
        for node in [each for each in self.nodes.values() if each.op == "MatMul"]:
            self._fuse(node)

    def graph(self):
        """The nodes that the outputs need, each behind its inputs."""
        done, order = set(), graph_pb2.GraphDef()
        waiting = [reference_of(each)[0] for each in self.outputs.values()]
        while waiting:
            node = self.nodes[waiting[-1]]
            missing = [name for name, _ in map(reference_of, node.input) if name not in done]
            if missing:
                waiting.extend(missing)
                continue
            waiting.pop()
            if node.name not in done:
                done.add(node.name)
                order.node.append(node)
        return order

    def _source(self, reference):
        name, index = reference_of(reference)
        node = self.nodes[name]
        while node.op in PASSING or (node.op == "Cast" and js_type(node.attr["SrcT"].type) == js_type(node.attr["DstT"].type)):
            name, index = reference_of(node.input[0])
            node = self.nodes[name]
        return name if index == 0 else f"{name}:{index}"

    def _skip_passing(self):
        for node in self.nodes.values():
            inputs = [self._source(each) for each in node.input if not each.startswith("^")]
            del node.input[:]
            node.input.extend(inputs)
        self.outputs = {name: self._source(each) for name, each in self.outputs.items()}

    def _only_consumer(self, name):
        found = self.consumers.get(name, [])
        return self.nodes[found[0]] if len(found) == 1 and name not in self.kept else None

    def _fuse(self, product):
        attributes = product.attr
        if attributes["T"].type != tf.float32.as_datatype_enum or attributes["transpose_a"].b or attributes["transpose_b"].b:
            return
        addition = self._only_consumer(product.name)
        if addition is None or addition.op not in ("BiasAdd", "Add", "AddV2") or addition.input[0] == addition.input[1]:
            return
        bias = next(each for each in addition.input if each != product.name)
        constant = self.nodes[reference_of(bias)[0]]
        if constant.op != "Const" or len(constant.attr["value"].tensor.tensor_shape.dim) != 1:
            return
        last, fused = addition, ["BiasAdd"]
        activation = self._only_consumer(addition.name)
        if activation is not None and activation.op in ACTIVATIONS:
            last, fused = activation, ["BiasAdd", activation.op]
        merged = node_def_pb2.NodeDef()
        merged.CopyFrom(product)
        merged.name, merged.op = last.name, "_FusedMatMul"
        merged.input.append(bias)
        merged.attr["num_args"].i = 1
        merged.attr["epsilon"].f = 0
        merged.attr["fused_ops"].list.s.extend(each.encode() for each in fused)
        self.nodes[last.name] = merged


def js_type(data_type):
    return FED_AS.get(tf.as_dtype(data_type).name)


def weight_of(node):
    """Name, type and bytes of a constant, in the types that TensorFlow.js has."""
    value = tf.make_ndarray(node.attr["value"].tensor)
    kind = js_type(node.attr["dtype"].type)
    if kind in (None, "string"):
        raise NotForWeb(f'it has a constant of type {tf.as_dtype(node.attr["dtype"].type).name} ("{node.name}"), which TensorFlow.js cannot use')
    if kind == "bool":
        data = value.astype(np.uint8)
    elif kind == "int32":
        low, high = np.iinfo(np.int32).min, np.iinfo(np.int32).max
        # Slices to the end are written as the largest number of 64 bits.
        wide = value.astype(object) if value.dtype == np.uint64 else value
        data = np.clip(wide, low, high).astype("<i4")
    else:
        data = value.astype("<f4")
    return {"name": node.name, "shape": list(value.shape), "dtype": kind}, data.tobytes()


def narrowed(value):
    """The types of a node's attributes as TensorFlow.js has them."""
    wide = {"DT_INT64": "DT_INT32", "DT_DOUBLE": "DT_FLOAT", "DT_HALF": "DT_FLOAT", "DT_BFLOAT16": "DT_FLOAT"}
    if isinstance(value, dict):
        return {key: narrowed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [narrowed(each) for each in value]
    return wide.get(value, value) if isinstance(value, str) else value


def tensor_of(name, reference, kind, shape):
    dimensions = [{"size": "-1" if each is None else str(each)} for each in shape]
    data_type = {"float32": "DT_FLOAT", "int32": "DT_INT32", "bool": "DT_BOOL", "string": "DT_STRING"}[kind]
    return {"name": reference if ":" in reference else f"{reference}:0", "dtype": data_type, "tensorShape": {"dim": dimensions}}


def write_web(function, inputs, outputs, folder):
    """Writes model.json and its weights; says what was written."""
    graph_def, input_names, output_names = frozen(function)
    operations = operations_of(graph_def)
    strings = [spec.name for spec in [*inputs, *outputs] if spec.fed_as == "string"]
    tables = [op for op in operations if "Table" in op or "String" in op]
    if strings or tables:
        what = f"text (inputs and outputs: {', '.join(strings)})" if strings else f"tables and text ({', '.join(tables)})"
        raise NotForWeb(f"WASM and JavaScript have no {what}: serve it natively, or save the part behind the lookup, and give model.yaml the vocabulary")
    placeholders = [reference_of(name)[0] for name in input_names.values()]
    wanted = list(output_names.values())
    graph_def = grappled(graph_def, placeholders, [reference_of(name)[0] for name in wanted])
    steps = []
    if must_be_rewritten(graph_def):
        unrolling = Unrolling(graph_def)
        graph_def, wanted = unrolling.run(wanted)
        steps = unrolling.steps
        present = {node.name for node in graph_def.node}
        placeholders = [name for name in placeholders if name in present]
        graph_def = grappled(graph_def, placeholders, [reference_of(name)[0] for name in wanted])
    folding = Folding(graph_def, dict(zip(output_names, wanted)))
    graph_def = folding.graph()
    present = {node.name for node in graph_def.node}
    for name, reference in input_names.items():
        if reference_of(reference)[0] not in present:
            raise NotForWeb(f'its input "{name}" has no effect on its outputs')
    weights, data, document_nodes = [], [], []
    for node in graph_def.node:
        if node.op == "Const":
            entry, found = weight_of(node)
            weights.append(entry)
            data.append(found)
            shape = node.attr["value"].tensor.tensor_shape
            plain = attr_value_pb2.AttrValue()
            plain.tensor.dtype = node.attr["dtype"].type
            plain.tensor.tensor_shape.CopyFrom(shape)
            node.attr["value"].CopyFrom(plain)
        for name in [each for each in node.attr if each.startswith("_")]:
            del node.attr[name]
        document_nodes.append(narrowed(MessageToDict(node)))
    whole = b"".join(data)
    shards = [whole[start : start + SHARD_BYTES] for start in range(0, len(whole), SHARD_BYTES)] or [b""]
    paths = [f"group1-shard{index + 1}of{len(shards)}.bin" for index in range(len(shards))]
    document = {
        "format": "graph-model",
        "generatedBy": tf.__version__,
        "convertedBy": "scorelane",
        "signature": {
            "inputs": {spec.name: tensor_of(spec.name, input_names[spec.name], spec.fed_as, [None, *spec.shape]) for spec in inputs},
            "outputs": {spec.name: tensor_of(spec.name, folding.outputs[spec.name], spec.fed_as, [None, *spec.shape]) for spec in outputs},
        },
        "modelTopology": {"node": document_nodes, "library": {}, "versions": {"producer": graph_def.versions.producer}},
        "weightsManifest": [{"paths": paths, "weights": weights}],
    }
    with open(os.path.join(folder, "model.json"), "w", encoding="utf8") as file:
        json.dump(document, file)
        file.write("\n")
    for path, shard in zip(paths, shards):
        with open(os.path.join(folder, path), "wb") as file:
            file.write(shard)
    return {"path": "model.json", "weights": paths, "nodes": len(document_nodes), "unrolled": steps}


# ---- The SavedModel for TensorFlow itself


def bytes_in(folder):
    return sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(folder) for name in names)


def serves(folder, signature, example):
    """Whether a session of TensorFlow 1, as tfjs-node has it, gives an answer. Returns None, or why not."""
    try:
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            meta = tf.compat.v1.saved_model.load(session, ["serve"], folder)
            definition = meta.signature_def[signature]
            feeds = {definition.inputs[name].name: value for name, value in example.items()}
            session.run([each.name for each in definition.outputs.values()], feeds)
        return None
    except Exception as error:
        return str(error).split("\n")[0][:300]


def example_of(inputs):
    """One row that any model can take: zeros, and empty text."""
    kinds = {"float32": np.float32, "int32": np.int32, "bool": np.bool_, "string": object}
    empty = lambda spec: np.full([1, *[each or 1 for each in spec.shape]], "" if spec.fed_as == "string" else 0, kinds[spec.fed_as])
    return {spec.name: empty(spec) for spec in inputs}


def write_saved_model(source, path, function, outputs, folder):
    target = os.path.join(folder, "saved_model")
    can_feed = all(spec.kind == spec.fed_as for spec in [*source.inputs, *outputs])
    example = example_of(source.inputs)
    if source.kind == "savedModel" and can_feed and serves(path, source.signature, example) is None:
        shutil.copytree(path, target)
        return {"path": "saved_model", "signature": source.signature, "made": "copied"}
    source.save(target, function, [spec.tensor for spec in source.inputs])
    signature = "serving_default"
    if serves(target, signature, example) is None:
        return {"path": "saved_model", "signature": signature, "made": "written"}
    # Its variables are not found there: in a frozen graph there are none.
    shutil.rmtree(target)
    constant = convert_variables_to_constants_v2(function.get_concrete_function())
    names = [spec.name for spec in source.inputs]
    module = tf.Module()
    pruned = tf.function(
        lambda *tensors: dict(zip(sorted(each.name for each in outputs), tf.nest.flatten(constant(*tensors)))),
        input_signature=[spec.tensor for spec in source.inputs],
    )
    assert names
    module.serve = pruned
    tf.saved_model.save(module, target, signatures={"serving_default": pruned})
    trouble = serves(target, signature, example)
    if trouble is not None:
        raise NotForWeb(f"a session of TensorFlow cannot run it ({trouble})")
    return {"path": "saved_model", "signature": signature, "made": "frozen"}


# ---- Requests


class Export:
    """One model: opened, written and asked for outputs."""

    def __init__(self, path, folder, signature=None, shapes=None):
        self.source = opened(path, signature, shapes or {})
        inputs = self.source.inputs
        specs = [spec.tensor for spec in inputs]

        @tf.function(input_signature=specs)
        def serve(*tensors):
            found = self.source.call({spec.name: tensor for spec, tensor in zip(inputs, tensors)})
            return {name: tf.cast(tensor, FED_AS.get(tensor.dtype.name, tensor.dtype)) for name, tensor in found.items()}

        self.function = serve
        structured = self._traced(path).structured_outputs
        self.outputs = [Spec(name, FED_AS.get(tensor.dtype.name, tensor.dtype.name), list(tensor.shape)[1:]) for name, tensor in sorted(structured.items())]
        for name, tensor in structured.items():
            if tensor.shape.rank == 0:
                raise Refusal(f'output "{name}" is a scalar: expected a value for each record')
        os.makedirs(folder, exist_ok=True)
        self.told = {
            "kind": self.source.kind,
            "madeWith": self.source.made_with,
            "signatures": self.source.signatures,
            "inputs": [spec.told() for spec in inputs],
            "outputs": [spec.told() for spec in self.outputs],
            "parameters": self.source.parameters,
            "operations": operations_of(serve.get_concrete_function().graph.as_graph_def()),
            "savedModel": self._attempt(lambda: write_saved_model(self.source, path, serve, self.outputs, folder)),
            "web": self._attempt(lambda: write_web(serve, inputs, self.outputs, folder)),
        }

    def _traced(self, path):
        try:
            return self.function.get_concrete_function()
        except Exception as error:
            raise Refusal(f"{path}: the model cannot be called on its own inputs ({str(error).strip().split(chr(10))[-1][:300]})") from error

    @staticmethod
    def _attempt(part):
        try:
            return part()
        except NotForWeb as error:
            return {"missing": str(error)}

    def predict(self, rows):
        """By the model itself, without what was written of it."""
        kinds = {"float32": np.float32, "int32": np.int32, "bool": np.bool_, "string": object}
        tensors = {}
        for spec in self.source.inputs:
            values = np.array(rows[spec.name], dtype=kinds[spec.fed_as])
            tensors[spec.name] = tf.constant(values.reshape([-1, *[each if each is not None else values.shape[1 + i] for i, each in enumerate(spec.shape)]]))
        return {name: plain(tensor.numpy()) for name, tensor in self.source.call(tensors).items()}


def plain(values):
    """A list a record, flat, as JSON has it."""
    rows = values.reshape([len(values), -1])
    if rows.dtype == object:
        return [[each.decode() if isinstance(each, bytes) else str(each) for each in row] for row in rows]
    if rows.dtype.kind == "f":
        if not np.isfinite(rows).all():
            raise Refusal("expected numbers from the model for every record, found NaN or infinity for some")
        # All digits of the float32, and no more.
        return [[float(f"{each:.9g}") for each in row] for row in rows.astype(np.float64)]
    return [[int(each) for each in row] for row in rows]


def serve_requests():
    current = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "export":
                current = Export(request["path"], request["out"], request.get("signature"), request.get("shapes"))
                answer = current.told
            else:
                answer = {"outputs": current.predict(request["rows"])}
        except Refusal as refusal:
            answer = {"error": str(refusal)}
        except Exception as error:
            answer = {"error": f"TensorFlow could not do it ({str(error).split(chr(10))[0][:300]})", "stack": traceback.format_exc()}
        print(json.dumps(answer), file=ANSWERS, flush=True)


def shape_argument(text):
    name, _, sizes = text.partition("=")
    return name, [int(each) for each in sizes.split(",") if each]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    parser.add_argument("out", nargs="?")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--signature", help="of a SavedModel with several")
    parser.add_argument("--shape", action="append", default=[], type=shape_argument, help="of an input with open dimensions, without the records: steps=20,4")
    parser.add_argument("--rows", help="rows to compute outputs for")
    options = parser.parse_args()
    if options.serve:
        return serve_requests()
    if options.model is None or options.out is None:
        parser.error("expected a MODEL and a folder OUT")
    if os.path.exists(options.out):
        parser.error(f"{options.out} exists already: expected the name of a new folder")
    try:
        print(json.dumps(export_to(options.model, options.out, options.signature, dict(options.shape), options.rows), indent=1), file=ANSWERS)
    except Refusal as refusal:
        sys.exit(f"export.py: {refusal}")
    return None


def export_to(model, out, signature=None, shapes=None, rows_file=None):
    """Writes the folder `out`, whole or not at all; says what is in it."""
    draft = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(out)))
    try:
        export = Export(model, draft, signature, shapes)
        told = dict(export.told)
        if rows_file is not None:
            with open(rows_file, encoding="utf8") as file:
                rows = json.load(file)
            told |= {"rows": rows, "rowOutputs": export.predict(rows)}
        with open(os.path.join(draft, "export.json"), "w", encoding="utf8") as file:
            json.dump(told, file, indent=1)
        os.chmod(draft, 0o755)
        os.rename(draft, out)
        return told
    finally:
        shutil.rmtree(draft, ignore_errors=True)


if __name__ == "__main__":
    main()
