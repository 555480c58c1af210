// A chain of dense layers is computed by the backend's kernels alone. It gives the bits that
// TensorFlow.js gives, for any rows and however many, and leaves nothing in the backend. Any other
// graph is left to TensorFlow.js.

import { join } from 'node:path';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { agrees, chainOf } from '../../src/model/kernel-chain.ts';
import { readManifest } from '../../src/model/manifest.ts';
import { loadWeb } from '../../src/model/web.ts';
import { readWebDocument, readWeights, type WebDocument } from '../../src/model/web-files.ts';
import { MODEL_FOLDER } from '../support/model.ts';
import { runs } from '../support/runs.ts';

const FILE = join(MODEL_FOLDER, 'model.json');
const manifest = readManifest(MODEL_FOLDER);
const { width } = manifest;

interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: Readonly<Record<string, unknown>>;
}
type Change = (nodes: readonly GraphNode[]) => readonly GraphNode[];

const NAMES = { input: 'features', outputs: ['score'] };

const withNodes = (document: WebDocument, node: readonly GraphNode[]): WebDocument =>
  ({ ...document, modelTopology: { ...document.modelTopology, node } }) as WebDocument;

function modelOf(document: WebDocument) {
  const weightSpecs = document.weightsManifest.flatMap(({ weights }) => weights);
  const artifacts = { ...document, weightSpecs, weightData: readWeights(FILE, document) };
  return loadGraphModel({ load: async () => artifacts as never });
}

/** The shipped model with other nodes, as TensorFlow.js runs it, and as a chain. */
async function graphWith(change: Change = (nodes) => nodes) {
  // Starts the backend.
  await loadWeb('wasm', manifest);
  const read = readWebDocument(FILE);
  const { node } = read.modelTopology as unknown as { readonly node: readonly GraphNode[] };
  const document = withNodes(read, change(node));
  const model = await modelOf(document);
  const predict = (features: Float32Array, rows: number): Float32Array[] =>
    tf.tidy(() => {
      const input = tf.tensor2d(features.subarray(0, rows * width), [rows, width]);
      const outputs = [model.execute({ features: input }, NAMES.outputs)].flat();
      return outputs.map((each) => each.dataSync() as Float32Array);
    });
  const chain = chainOf({ tf, backend: 'wasm', document, weights: model.weights, ...NAMES, width });
  return { chain, predict };
}

const replaced =
  (name: string, by: Partial<GraphNode>): Change =>
  (nodes) =>
    nodes.map((node) => (node.name === name ? { ...node, ...by } : node));
const fused =
  (...names: readonly string[]): Change =>
  (nodes) =>
    nodes.map((node) => {
      const s = names.map((name) => Buffer.from(name).toString('base64'));
      return node.name === 'dense_1' ? { ...node, attr: { ...node.attr, fused_ops: { list: { s } } } } : node;
    });

const bits = (columns: readonly Float32Array[] | undefined) =>
  columns?.map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString('hex'));

const CHAINS: Readonly<Record<string, Change>> = {
  'the shipped model': (nodes) => nodes,
  'no activation behind a layer': fused('BiasAdd'),
  'relu6 behind a layer': fused('BiasAdd', 'Relu6'),
  'a sigmoid behind a layer': fused('BiasAdd', 'Sigmoid'),
  'relu at the end': replaced('score', { op: 'Relu' }),
  'tanh at the end': replaced('score', { op: 'Tanh' }),
};

for (const [name, change] of Object.entries(CHAINS)) {
  test.serial(`${name}: the chain gives the bits of TensorFlow.js, and leaves nothing behind`, async (t) => {
    const { chain, predict } = await graphWith(change);
    t.truthy(chain);
    const before = tf.engine().backend.numDataIds();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.float({ noNaN: true }),
        fc.nat(),
        (rows, scale, seed) => {
          const features = Float32Array.from(
            { length: rows * width },
            (_, at) => Math.sin(at + seed) * scale,
          );
          t.deepEqual(bits(chain?.predict(features, rows)), bits(predict(features, rows)));
        },
      ),
      runs(100),
    );
    // Enough bytes in the buffer, but not in the array.
    t.throws(() => chain?.predict(new Float32Array(9 * width).subarray(0, 7 * width), 8), {
      instanceOf: RangeError,
    });
    t.is(tf.engine().backend.numDataIds(), before);
  });
}

const OTHERS: Readonly<Record<string, Change>> = {
  'an operation that is not known': replaced('score', { op: 'Exp' }),
  'an activation that is not known': fused('BiasAdd', 'LeakyRelu'),
  'something else than a bias': fused('FusedBatchNorm'),
  'a transposed matrix': (nodes) =>
    nodes.map((node) =>
      node.name === 'dense_1' ? { ...node, attr: { ...node.attr, transpose_b: { b: true } } } : node,
    ),
  'an operation that waits for another': replaced('score', { input: ['dense_2', '^dense_1'] }),
  'two matrices that are computed': replaced('dense_1', { input: ['dense_0', 'dense_0', 'dense_1/bias'] }),
  'layers of other widths': replaced('dense_1', { input: ['features', 'dense_1/kernel', 'dense_1/bias'] }),
  'a circle': replaced('dense_0', { input: ['score', 'dense_0/kernel', 'dense_0/bias'] }),
  'rows of another width': (nodes) =>
    nodes.map((node) =>
      node.op === 'Placeholder'
        ? { ...node, attr: { ...node.attr, shape: { shape: { dim: [{ size: '-1' }, { size: '7' }] } } } }
        : node,
    ),
};

test.serial('any other graph is no chain', async (t) => {
  await loadWeb('wasm', manifest);
  const document = readWebDocument(FILE);
  const { weights } = await modelOf(document);
  const { node } = document.modelTopology as unknown as { readonly node: readonly GraphNode[] };
  for (const [name, change] of Object.entries(OTHERS)) {
    const other = withNodes(document, change(node));
    t.is(chainOf({ tf, backend: 'wasm', document: other, weights, ...NAMES, width }), null, name);
  }
});

test.serial('a chain that gives another bit than TensorFlow.js is seen', async (t) => {
  const { chain, predict } = await graphWith();
  t.true(chain !== null && agrees(chain, predict, width));
  const off = (features: Float32Array, rows: number): Float32Array[] =>
    predict(features, rows).map((column) =>
      column.map((score, row) => (row === 20 ? score * (1 + 2 ** -22) : score)),
    );
  t.false(chain !== null && agrees(chain, off, width));
});
