// What most people write today: TensorFlow.js in a handler of Fastify, one predict call a request.
// With the backend `none` it scores nothing and answers all the same: what HTTP alone takes. Prints
// its port as one line of JSON, and serves until it is told to end.

import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Tensor } from '@tensorflow/tfjs-core';
import Fastify from 'fastify';
import { readManifest } from '../../src/model/manifest.ts';
import { loadTensorFlow } from '../../src/model/native.ts';
import { plainModel } from './plain-model.ts';

interface Body {
  readonly id: string;
  readonly features: readonly number[];
}

/** One row of features to its score. */
type Predict = (features: readonly number[]) => Promise<number>;

const { values } = parseArgs({
  options: { model: { type: 'string', default: '' }, backend: { type: 'string', default: '' } },
});
const manifest = readManifest(values.model);

async function native(): Promise<Predict> {
  const tf = loadTensorFlow() as ReturnType<typeof loadTensorFlow> & typeof import('@tensorflow/tfjs-core');
  const { path = '', signature = '', input = '' } = manifest.artefacts.savedModel ?? {};
  const model = await tf.node.loadSavedModel(join(manifest.folder, path), ['serve'], signature);
  const [{ name: output } = { name: '' }] = manifest.outputs;
  return async (features) => {
    const given = tf.tensor2d([[...features]]);
    const outputs = model.predict({ [input]: given }) as Record<string, Tensor>;
    const [score = Number.NaN] = await (outputs[output] as Tensor).data();
    tf.dispose([given, outputs]);
    return score;
  };
}

const BACKENDS: Readonly<Record<string, () => Promise<Predict>>> = {
  none: async () => async () => 0.5,
  native,
  wasm: () => plainModel(manifest),
};
const predict = await (BACKENDS[values.backend] as () => Promise<Predict>)();
const app = Fastify();
app.post('/score', async ({ body }) => {
  const { id, features } = body as Body;
  return { id, score: await predict(features), model: manifest.name };
});
await app.listen({ host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ port: (app.server.address() as AddressInfo).port }));
