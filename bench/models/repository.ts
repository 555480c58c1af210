// Makes the model of a name in the user's cache, as a version in a model repository that the daemon can serve.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../tools/cache.ts';
import { featuresOf, idOf } from '../workload.ts';
import { writeGraphModel } from './graph-model.ts';
import { forward, mlp } from './mlp.ts';
import { writeOnnx } from './onnx.ts';
import { INPUT, OUTPUT, writeSavedModel } from './saved-model.ts';

/** Counts up whenever what is written changes. */
const FORM = 2;
const GOLDEN_RECORDS = 8;

/** The folder to name as `model.repository`. */
export const benchRepository = (): string => cacheFolder(`bench-models-${FORM}`);

/** Writes the model if it is not there; returns the version's folder. */
export function ensureModel(name: string): string {
  const folder = join(benchRepository(), name, '1');
  if (existsSync(join(folder, 'model.yaml'))) return folder;
  const model = mlp(name);
  writeGraphModel(folder, model);
  writeSavedModel(join(folder, 'saved_model'), model);
  writeOnnx(join(folder, 'model.onnx'), model);
  const golden = Array.from({ length: GOLDEN_RECORDS }, (_, number) => {
    const features = [...featuresOf(number, model.width)];
    return { record: { id: idOf(number), features }, outputs: { [OUTPUT]: [forward(model, features)] } };
  });
  writeFileSync(join(folder, 'golden.json'), JSON.stringify(golden));
  writeFileSync(
    join(folder, 'model.yaml'),
    [
      `name: ${name}`,
      'version: 1',
      `inputs: [{ path: features, count: ${model.width} }]`,
      `outputs: [${OUTPUT}]`,
      'artefacts:',
      `  savedModel: { path: saved_model, input: ${INPUT} }`,
      `  web: { path: model.json, input: ${INPUT} }`,
      'golden: { path: golden.json, tolerance: 1e-4 }',
      '',
    ].join('\n'),
  );
  return folder;
}
