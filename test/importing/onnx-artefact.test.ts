// An .onnx file takes along the files with its weights, which PyTorch writes beside it.

import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { copyOnnxModel } from '../../src/importing/onnx-artefact.ts';
import { ModelError } from '../../src/model/model-error.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

const SAVED = join(import.meta.dirname, '..', 'model', 'torch-mlp', '1', 'model.onnx');
const newFolder = (): string => tempFolder('onnx-artefact');

test('the file and its weights are copied, and it is told by whom it was written', (t) => {
  const folder = newFolder();
  const { inputs, outputs, madeWith } = copyOnnxModel(SAVED, folder);
  t.deepEqual(readdirSync(folder).sort(), ['model.onnx', 'model.onnx.data']);
  t.deepEqual(
    [inputs, outputs],
    [[{ name: 'features', type: 'float32', shape: [30] }], [{ name: 'score', type: 'float32', shape: [1] }]],
  );
  t.regex(madeWith, /^pytorch 2\.15/);
});

test('weights that are missing, or in another place, are named', (t) => {
  const alone = join(newFolder(), 'alone.onnx');
  copyFileSync(SAVED, alone);
  t.throws(() => copyOnnxModel(alone, newFolder()), {
    instanceOf: ModelError,
    message:
      /model\.onnx\.data, which has the weights of .*alone\.onnx: expected a file that can be read, found none/,
  });
  // As long as the name itself: lengths stand before texts.
  const away = readFileSync(SAVED).toString('latin1').replaceAll('model.onnx.data', '../el.onnx.data');
  writeFileSync(alone, Buffer.from(away, 'latin1'));
  t.throws(() => copyOnnxModel(alone, newFolder()), {
    instanceOf: ModelError,
    message: /expected its weights in a file beside it, found them in \.\.\/el\.onnx\.data/,
  });
});
