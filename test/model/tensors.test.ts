// A predictor keeps no tensor, whether the model answers or throws: what stays behind in a thread
// stays until it ends. One test after the other, native first: backends share an engine in one
// process.

import test from 'ava';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { type ModelManifest, readManifest } from '../../src/model/manifest.ts';
import { ModelError } from '../../src/model/model-error.ts';
import { BACKENDS } from '../../src/model/predictor.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const MANIFEST = readManifest(MODEL_FOLDER);
const ROWS = 5;
const features = new Float32Array(ROWS * MANIFEST.width);

const { savedModel } = MANIFEST.artefacts;
const wrong: Readonly<Record<string, Partial<ModelManifest>>> = {
  'an input of another name': {
    artefacts: {
      ...MANIFEST.artefacts,
      savedModel: { ...(savedModel as NonNullable<typeof savedModel>), input: 'other' },
    },
  },
  'an output that is not there': { outputs: [{ name: 'other', as: 'other', type: 'float' }] },
};

for (const [what, more] of Object.entries(wrong)) {
  test.serial(`native: a model refused for ${what} keeps no tensor, and is not run`, async (t) => {
    const { tensorCount } = await loadPredictor('native', MANIFEST);
    const before = tensorCount();
    for (let times = 0; times < 3; times++)
      await t.throwsAsync(loadPredictor('native', { ...MANIFEST, ...more }), { instanceOf: ModelError });
    t.is(tensorCount(), before);
  });
}

for (const backend of BACKENDS) {
  test.serial(
    `${backend}: as many tensors after a prediction as before, also when there are too few features`,
    async (t) => {
      const predictor = await loadPredictor(backend, MANIFEST);
      predictor.predict(features, ROWS);
      const before = predictor.tensorCount();
      predictor.predict(features, ROWS);
      // A multiple of the rows that native takes together, so that it makes no copy of the right
      // size.
      t.throws(() => predictor.predict(features.subarray(1), 8));
      t.is(predictor.tensorCount(), before);
    },
  );
}
