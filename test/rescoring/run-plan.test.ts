// A replay goes on with the versions that it began with: a file of a version that has changed is
// noticed, though its model.yaml is the same.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { fingerprintOf } from '../../src/rescoring/run-plan.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { MODEL_FOLDER } from '../support/model.ts';

test('a version has another fingerprint when its weights are others, and the same elsewhere', (t) => {
  const folder = join(tempFolder('fingerprint'), '1');
  cpSync(MODEL_FOLDER, folder, { recursive: true });
  const before = fingerprintOf(folder);
  t.is(before, fingerprintOf(MODEL_FOLDER));
  const weights = join(folder, 'model.onnx');
  const bytes = readFileSync(weights);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(weights, bytes);
  t.not(fingerprintOf(folder), before);
});
