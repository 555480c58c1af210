// Writes an Mlp as a TensorFlow SavedModel with its weights as constants: one protobuf file, no
// checkpoint. Field numbers are those of TensorFlow's saved_model.proto, meta_graph.proto,
// graph.proto, node_def.proto, attr_value.proto and tensor.proto
// (https://github.com/tensorflow/tensorflow/tree/v2.20.0/tensorflow/core/protobuf and
// .../core/framework).

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mlp } from './mlp.ts';
import { encoded, floats, integer, message, text, type Write } from './protobuf.ts';

const DT_FLOAT = 1;
/** The batch dimension. */
const ANY = -1;
export const INPUT = 'features';
export const OUTPUT = 'score';

interface Node {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Write>>;
}

/** Null: of any rank. */
const shape = (tag: number, sizes: readonly number[] | null): Write =>
  sizes === null
    ? message(tag, integer(3, 1))
    : message(tag, ...sizes.map((size) => message(2, integer(1, size))));

const typeAttribute = integer(6, DT_FLOAT);
const shapeAttribute = (sizes: readonly number[] | null): Write => shape(7, sizes);

const tensorAttribute = (values: Float32Array, sizes: readonly number[]): Write =>
  message(8, integer(1, DT_FLOAT), shape(2, sizes), floats(4, values));

const node = (tag: number, { name, op, inputs, attributes }: Node): Write =>
  message(
    tag,
    text(1, name),
    text(2, op),
    ...inputs.map((input) => text(3, input)),
    ...Object.entries(attributes).map(([key, value]) => message(5, text(1, key), message(2, value))),
  );

const constant = (name: string, values: Float32Array, sizes: readonly number[]): Node => ({
  name,
  op: 'Const',
  inputs: [],
  attributes: { dtype: typeAttribute, value: tensorAttribute(values, sizes) },
});

function nodesOf({ width, layers }: Mlp, isShapeSaid: boolean): Node[] {
  const T = { T: typeAttribute };
  let last = INPUT;
  return [
    {
      name: INPUT,
      op: 'Placeholder',
      inputs: [],
      attributes: { dtype: typeAttribute, shape: shapeAttribute(isShapeSaid ? [ANY, width] : null) },
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
const tensorInfo = (tag: number, key: string, name: string, sizes: readonly number[] | null): Write =>
  message(tag, text(1, key), message(2, text(1, `${name}:0`), integer(2, DT_FLOAT), shape(3, sizes)));

/**
 * Writes `folder/saved_model.pb`: signature `serving_default`, input `features` [records, width],
 * output `score` [records, 1]. `isShapeSaid` false: the input says of no rank that it must have.
 */
export function writeSavedModel(folder: string, model: Mlp, isShapeSaid = true): void {
  const signature = message(
    2,
    tensorInfo(1, INPUT, INPUT, isShapeSaid ? [ANY, model.width] : null),
    tensorInfo(2, OUTPUT, OUTPUT, [ANY, 1]),
    text(3, 'tensorflow/serving/predict'),
  );
  const schemaVersion = integer(1, 1);
  const tags = message(1, text(4, 'serve'));
  const nodes = nodesOf(model, isShapeSaid).map((each) => node(1, each));
  const graph = message(2, ...nodes, message(4, integer(1, GRAPH_VERSION)));
  const metaGraph = message(2, tags, graph, message(5, text(1, 'serving_default'), signature));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'saved_model.pb'), encoded(schemaVersion, metaGraph));
}

/** The GraphDef version whose meaning of operations is used: that of TensorFlow 2.0. */
const GRAPH_VERSION = 175;
