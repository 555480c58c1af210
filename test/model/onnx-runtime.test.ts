// What src/model/onnx-runtime.ts relies on in onnxruntime-node below its public API: the version,
// and a binding whose calls are synchronous. A new version that differs fails here.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'ava';
import { loadOnnxRuntime, openSession } from '../../src/model/onnx-runtime.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const require = createRequire(import.meta.url);
const FILE = join(MODEL_FOLDER, 'model.onnx');
const WIDTH = 29;

test('the version is the pinned one, and the binding has the calls that are used', (t) => {
  const root = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'));
  t.is(loadOnnxRuntime().version, root.optionalDependencies['onnxruntime-node']);
  t.is(root.allowScripts['onnxruntime-node'], false, 'its install script would download more');
  const { binding } = require('onnxruntime-node/dist/binding.js');
  for (const name of ['loadModel', 'run', 'dispose'])
    t.is(typeof binding.InferenceSession.prototype[name], 'function', name);
});

test('a run answers at once, with the same from the file and from its bytes, also after the end of its session', (t) => {
  const { Tensor } = loadOnnxRuntime();
  const features = new Tensor('float32', new Float32Array(2 * WIDTH).fill(0.5), [2, WIDTH]);
  const scores = [FILE, readFileSync(FILE)].map((model) => {
    const session = openSession(model, ['score']);
    const { score } = session.run({ features });
    session.dispose();
    t.throws(() => session.run({ features }), { message: /disposed/ });
    return score;
  });
  t.deepEqual(scores[0]?.dims, [2, 1]);
  t.true(scores[0]?.data instanceof Float32Array);
  t.deepEqual(scores[1]?.data, scores[0]?.data);
});

test('what onnxruntime refuses is thrown, and it prints nothing', (t) => {
  const { Tensor } = loadOnnxRuntime();
  const session = openSession(FILE, ['score']);
  const wide = new Tensor('float32', new Float32Array(WIDTH + 1), [1, WIDTH + 1]);
  t.throws(() => session.run({ features: wide }), { message: /Got: 30 Expected: 29/ });
  t.throws(() => openSession(new Uint8Array([1, 2, 3]), ['score']));
  session.dispose();
});
