// Writes an Mlp as a TensorFlow.js graph model (model.json and weights.bin), with fused layers as
// its converter makes them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layer, Mlp } from './mlp.ts';
import { INPUT, OUTPUT } from './saved-model.ts';

const FLOAT = { type: 'DT_FLOAT' };
const dimensions = (sizes: readonly number[]) => ({ dim: sizes.map((size) => ({ size: String(size) })) });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const constant = (name: string, sizes: readonly number[]) => ({
  name,
  op: 'Const',
  attr: { dtype: FLOAT, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: dimensions(sizes) } } },
});

function layerNodes({ name, inputs, outputs }: Layer, input: string, isLast: boolean): object[] {
  const attr = {
    T: FLOAT,
    transpose_a: { b: false },
    transpose_b: { b: false },
    num_args: { i: '1' },
    epsilon: { f: 0 },
    fused_ops: { list: { s: isLast ? [base64('BiasAdd')] : [base64('BiasAdd'), base64('Relu')] } },
  };
  return [
    constant(`${name}/kernel`, [inputs, outputs]),
    constant(`${name}/bias`, [outputs]),
    { name, op: '_FusedMatMul', input: [input, `${name}/kernel`, `${name}/bias`], attr },
  ];
}

export function writeGraphModel(folder: string, { name, width, layers }: Mlp): void {
  const last = layers.at(-1) as Layer;
  const tensor = (of: string, columns: number) => ({
    [of]: { name: `${of}:0`, dtype: 'DT_FLOAT', tensorShape: dimensions([-1, columns]) },
  });
  const node = [
    { name: INPUT, op: 'Placeholder', attr: { dtype: FLOAT, shape: { shape: dimensions([-1, width]) } } },
    ...layers.flatMap((layer, index) =>
      layerNodes(layer, index === 0 ? INPUT : (layers[index - 1] as Layer).name, layer === last),
    ),
    { name: OUTPUT, op: 'Sigmoid', input: [last.name], attr: { T: FLOAT } },
  ];
  const weights = layers.flatMap(({ name: layer, inputs, outputs }) => [
    { name: `${layer}/kernel`, shape: [inputs, outputs], dtype: 'float32' },
    { name: `${layer}/bias`, shape: [outputs], dtype: 'float32' },
  ]);
  const document = {
    format: 'graph-model',
    generatedBy: name,
    convertedBy: null,
    signature: { inputs: tensor(INPUT, width), outputs: tensor(OUTPUT, 1) },
    modelTopology: { node, library: {}, versions: { producer: 1882 } },
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.json'), JSON.stringify(document));
  const parts = layers.flatMap(({ kernel, bias }) => [Buffer.from(kernel.buffer), Buffer.from(bias.buffer)]);
  writeFileSync(join(folder, 'weights.bin'), Buffer.concat(parts));
}
