// What an .onnx file says of itself: inputs, outputs and operators, read without onnxruntime. It is
// a message of Protocol Buffers (github.com/onnx/onnx, onnx.proto), and so are the parts of it; the
// numbers below are those of its fields.

import { readFileSync } from 'node:fs';
import { PbfReader } from 'pbf';
import { fileTrouble } from '../written/file-trouble.ts';
import { ModelError } from './model-error.ts';

/** A number, a name for any number, or null where nothing is said. */
export type OnnxLength = number | string | null;

export interface OnnxValue {
  readonly name: string;
  /** `float32`, `int64`, `string` and so on; `sequence` or `map` for what is no tensor. */
  readonly type: string;
  /** The first length is that of the batch. Null if the file does not say. */
  readonly shape: readonly OnnxLength[] | null;
}

/** A ZipMap makes a map for each record, from class to probability, out of a tensor. */
export interface ZipMap {
  /** The tensor. */
  readonly from: string;
  /** The output. */
  readonly to: string;
  /** The classes, in the order of the tensor's columns. */
  readonly labels: readonly (string | number)[];
}

export interface OnnxFile {
  /** Without those that have a value in the file. */
  readonly inputs: readonly OnnxValue[];
  /** An output of a ZipMap is the tensor that it is made of. */
  readonly outputs: readonly OnnxValue[];
  readonly zipMaps: readonly ZipMap[];
  /** By domain; that of ONNX itself is empty. */
  readonly opsets: Readonly<Record<string, number>>;
  /** The operators in use, with the domain before a colon unless it is ONNX's. */
  readonly ops: readonly string[];
  /** Files with weights, by their paths beside it. */
  readonly weightFiles: readonly string[];
  /** Who wrote it, such as `skl2onnx 1.20.0`. */
  readonly producer: string;
}

/** By the number of `TensorProto.DataType`, in the words of onnxruntime. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
};

/** Reads the file's signature and operators. Throws `ModelError`. */
export const readOnnxFile = (path: string): OnnxFile => describeOnnx(path, readOnnxBytes(path));

/** Throws `ModelError`. */
export function readOnnxBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ModelError(`${path}: ${fileTrouble(error, path)}`, { cause: error });
  }
}

/** The same of its bytes. Throws `ModelError` that names the file. */
export function describeOnnx(path: string, bytes: Uint8Array): OnnxFile {
  let model: Model;
  try {
    model = readModel(bytes);
  } catch (error) {
    throw notOnnx(path, 'other bytes, or only the beginning of one', error);
  }
  const { graph, opsets, producer } = model;
  if (bytes.length === 0) throw notOnnx(path, 'an empty file');
  if (graph === null || graph.nodes.length === 0) throw notOnnx(path, 'something without a graph');
  const zipMaps = graph.nodes.flatMap(zipMapOf);
  return {
    inputs: graph.inputs.filter(({ name }) => !graph.initializers.has(name)),
    outputs: graph.outputs.map((value) => {
      const zipMap = zipMaps.find(({ to }) => to === value.name);
      return zipMap === undefined
        ? value
        : { name: value.name, type: 'float32', shape: [null, zipMap.labels.length] };
    }),
    zipMaps,
    opsets: Object.fromEntries(opsets),
    ops: [...new Set(graph.nodes.map(({ domain, op }) => (domain === '' ? op : `${domain}:${op}`)))].sort(),
    weightFiles: [...graph.weightFiles],
    producer,
  };
}

const notOnnx = (path: string, found: string, cause?: unknown): ModelError =>
  new ModelError(`${path}: expected an ONNX model, found ${found}`, { cause });

interface Node {
  inputs: string[];
  outputs: string[];
  op: string;
  domain: string;
  /** Of the attributes whose name begins with `classlabels`. */
  labels: (string | number)[];
}

interface Graph {
  nodes: Node[];
  initializers: Set<string>;
  weightFiles: Set<string>;
  inputs: OnnxValue[];
  outputs: OnnxValue[];
}

interface Model {
  graph: Graph | null;
  opsets: (readonly [string, number])[];
  producer: string;
}

function readModel(bytes: Uint8Array): Model {
  const model: Model = { graph: null, opsets: [], producer: '' };
  const reader = new PbfReader(bytes);
  reader.readFields((field) => {
    if (field === 2) model.producer = reader.readString();
    else if (field === 3) model.producer = `${model.producer} ${reader.readString()}`.trim();
    else if (field === 7) model.graph = readGraph(reader);
    else if (field === 8) model.opsets.push(readOpset(reader));
  }, null);
  // Past its end the reader gives zeros.
  if (reader.pos !== bytes.length) throw new RangeError('the last field is longer than the file');
  return model;
}

function readOpset(reader: PbfReader): readonly [string, number] {
  let [domain, version] = ['', 0];
  reader.readMessage((field) => {
    if (field === 1) domain = reader.readString();
    else if (field === 2) version = reader.readVarint();
  }, null);
  return [domain, version];
}

function readGraph(reader: PbfReader): Graph {
  const graph: Graph = {
    nodes: [],
    initializers: new Set(),
    weightFiles: new Set(),
    inputs: [],
    outputs: [],
  };
  reader.readMessage((field) => {
    if (field === 1) graph.nodes.push(readNode(reader));
    else if (field === 5) graph.initializers.add(readWeights(reader, graph.weightFiles));
    else if (field === 11) graph.inputs.push(readValue(reader));
    else if (field === 12) graph.outputs.push(readValue(reader));
  }, null);
  return graph;
}

/** The name of a `TensorProto`; the file with its values, if they are elsewhere, is added. */
function readWeights(reader: PbfReader, files: Set<string>): string {
  let name = '';
  reader.readMessage((field) => {
    if (field === 8) name = reader.readString();
    else if (field === 13) {
      const [key, value] = readEntry(reader);
      if (key === 'location') files.add(value);
    }
  }, null);
  return name;
}

function readEntry(reader: PbfReader): readonly [string, string] {
  let [key, value] = ['', ''];
  reader.readMessage((field) => {
    if (field === 1) key = reader.readString();
    else if (field === 2) value = reader.readString();
  }, null);
  return [key, value];
}

function readNode(reader: PbfReader): Node {
  const node: Node = { inputs: [], outputs: [], op: '', domain: '', labels: [] };
  reader.readMessage((field) => {
    if (field === 1) node.inputs.push(reader.readString());
    else if (field === 2) node.outputs.push(reader.readString());
    else if (field === 4) node.op = reader.readString();
    else if (field === 5) node.labels.push(...readLabels(reader));
    else if (field === 7) node.domain = reader.readString();
  }, null);
  return node;
}

/** The numbers or texts of an attribute of that name. */
function readLabels(reader: PbfReader): (string | number)[] {
  let name = '';
  const numbers: number[] = [];
  const texts: string[] = [];
  reader.readMessage((field) => {
    if (field === 1) name = reader.readString();
    else if (field === 8) reader.readPackedVarint(numbers, true);
    else if (field === 9) texts.push(reader.readString());
  }, null);
  return name.startsWith('classlabels') ? [...numbers, ...texts] : [];
}

function zipMapOf({ op, inputs, outputs, labels }: Node): ZipMap[] {
  const [[from], [to]] = [inputs, outputs];
  return op === 'ZipMap' && from !== undefined && to !== undefined ? [{ from, to, labels }] : [];
}

function readValue(reader: PbfReader): OnnxValue {
  let name = '';
  let type = 'nothing';
  let shape: OnnxLength[] | null = null;
  reader.readMessage((field) => {
    if (field === 1) name = reader.readString();
    else if (field === 2)
      reader.readMessage((kind) => {
        if (kind === 1) [type, shape] = readTensorType(reader);
        else type = { 4: 'sequence', 5: 'map', 8: 'sparse tensor', 9: 'optional' }[kind] ?? type;
      }, null);
  }, null);
  return { name, type, shape };
}

function readTensorType(reader: PbfReader): [string, OnnxLength[] | null] {
  let type = 'nothing';
  let shape: OnnxLength[] | null = null;
  reader.readMessage((field) => {
    if (field === 1) {
      const number = reader.readVarint();
      type = TYPES[number] ?? `type ${number}`;
    } else if (field === 2) {
      const lengths: OnnxLength[] = [];
      reader.readMessage((each) => {
        if (each === 1) lengths.push(readLength(reader));
      }, null);
      shape = lengths;
    }
  }, null);
  return [type, shape];
}

function readLength(reader: PbfReader): OnnxLength {
  let length: OnnxLength = null;
  reader.readMessage((field) => {
    if (field === 1) {
      const value = reader.readVarint(true);
      // Some write -1 where they mean any.
      length = value < 0 ? null : value;
    } else if (field === 2) length = reader.readString() || null;
  }, null);
  return length;
}
