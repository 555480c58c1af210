// Writes an Mlp as a TensorFlow SavedModel with its weights as constants: one protobuf file, no checkpoint. Field numbers
// are those of TensorFlow's saved_model.proto, meta_graph.proto, graph.proto, node_def.proto, attr_value.proto and tensor.proto
// (https://github.com/tensorflow/tensorflow/tree/v2.20.0/tensorflow/core/protobuf and .../core/framework).

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PbfWriter } from 'pbf';
import type { Mlp } from './mlp.ts';

const DT_FLOAT = 1;
/** The batch dimension. */
const ANY = -1;
export const INPUT = 'features';
export const OUTPUT = 'score';

type Write = (writer: PbfWriter) => void;

interface Node {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Write>>;
}

const message =
  (tag: number, write: Write): Write =>
  (writer) =>
    writer.writeMessage(tag, (_, inner) => write(inner), null);

const all =
  (...writes: readonly Write[]): Write =>
  (writer) => {
    for (const write of writes) write(writer);
  };

const shape = (tag: number, sizes: readonly number[]): Write =>
  message(tag, all(...sizes.map((size) => message(2, (writer) => writer.writeVarintField(1, size)))));

const typeAttribute: Write = (writer) => writer.writeVarintField(6, DT_FLOAT);
const shapeAttribute = (sizes: readonly number[]): Write => shape(7, sizes);

const tensorAttribute = (values: Float32Array, sizes: readonly number[]): Write =>
  message(
    8,
    all(
      (writer) => writer.writeVarintField(1, DT_FLOAT),
      shape(2, sizes),
      (writer) =>
        writer.writeBytesField(4, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
    ),
  );

const node = (tag: number, { name, op, inputs, attributes }: Node): Write =>
  message(
    tag,
    all(
      (writer) => writer.writeStringField(1, name),
      (writer) => writer.writeStringField(2, op),
      ...inputs.map(
        (input): Write =>
          (writer) =>
            writer.writeStringField(3, input),
      ),
      ...Object.entries(attributes).map(([key, value]) =>
        message(
          5,
          all((writer) => writer.writeStringField(1, key), message(2, value)),
        ),
      ),
    ),
  );

const constant = (name: string, values: Float32Array, sizes: readonly number[]): Node => ({
  name,
  op: 'Const',
  inputs: [],
  attributes: { dtype: typeAttribute, value: tensorAttribute(values, sizes) },
});

function nodesOf({ width, layers }: Mlp): Node[] {
  const T = { T: typeAttribute };
  let last = INPUT;
  return [
    {
      name: INPUT,
      op: 'Placeholder',
      inputs: [],
      attributes: { dtype: typeAttribute, shape: shapeAttribute([ANY, width]) },
    },
    ...layers.flatMap(({ name, kernel, bias, inputs, outputs }, index): Node[] => {
      const activation = index === layers.length - 1 ? 'Sigmoid' : 'Relu';
      const names = {
        kernel: `${name}/kernel`,
        bias: `${name}/bias`,
        product: `${name}/MatMul`,
        sum: `${name}/BiasAdd`,
      };
      const before = last;
      last = activation === 'Sigmoid' ? OUTPUT : `${name}/Relu`;
      return [
        constant(names.kernel, kernel, [inputs, outputs]),
        constant(names.bias, bias, [outputs]),
        { name: names.product, op: 'MatMul', inputs: [before, names.kernel], attributes: T },
        { name: names.sum, op: 'BiasAdd', inputs: [names.product, names.bias], attributes: T },
        { name: last, op: activation, inputs: [names.sum], attributes: T },
      ];
    }),
  ];
}

/** An entry of a signature's map of inputs or outputs. */
const tensorInfo = (tag: number, key: string, name: string, sizes: readonly number[]): Write =>
  message(
    tag,
    all(
      (writer) => writer.writeStringField(1, key),
      message(
        2,
        all(
          (writer) => writer.writeStringField(1, `${name}:0`),
          (writer) => writer.writeVarintField(2, DT_FLOAT),
          shape(3, sizes),
        ),
      ),
    ),
  );

/** Writes `folder/saved_model.pb`: signature `serving_default`, input `features` [records, width], output `score` [records, 1]. */
export function writeSavedModel(folder: string, model: Mlp): void {
  const signature = all(
    tensorInfo(1, INPUT, INPUT, [ANY, model.width]),
    tensorInfo(2, OUTPUT, OUTPUT, [ANY, 1]),
    (writer) => writer.writeStringField(3, 'tensorflow/serving/predict'),
  );
  const writer = new PbfWriter();
  writer.writeVarintField(1, 1); // saved_model_schema_version
  message(
    2,
    all(
      message(1, (inner) => inner.writeStringField(4, 'serve')),
      message(
        2,
        all(
          ...nodesOf(model).map((each) => node(1, each)),
          message(4, (inner) => inner.writeVarintField(1, GRAPH_VERSION)),
        ),
      ),
      message(
        5,
        all((inner) => inner.writeStringField(1, 'serving_default'), message(2, signature)),
      ),
    ),
  )(writer);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'saved_model.pb'), writer.finish());
}

/** The GraphDef version whose meaning of operations is used: that of TensorFlow 2.0. */
const GRAPH_VERSION = 175;
