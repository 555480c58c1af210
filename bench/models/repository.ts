// Makes the model of a name in the user's cache, as a version in a model repository that the daemon
// can serve.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../tools/cache.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { featuresOf, idOf } from '../workload.ts';
import { writeGraphModel } from './graph-model.ts';
import { forward, type Layer, type Mlp, mlp } from './mlp.ts';
import { writeOnnx } from './onnx.ts';
import { INPUT, OUTPUT, writeSavedModel } from './saved-model.ts';

/** Counts up whenever what is written changes. */
const FORM = 4;
const GOLDEN_RECORDS = 8;

/** The folder to name as `model.repository`. */
export const benchRepository = (): string => cacheFolder(`bench-models-${FORM}`);

/** Writes the model if it is not there; returns the version's folder. */
export function ensureModel(name: string): string {
  const model = mlp(name);
  return ensure(name, model, model.width, []);
}

/**
 * A repository of its own with versions 1 to `count` of that model, which differ in their weights
 * only. Returns its folder. Labels can be moved in it: nobody else reads it.
 */
export function makeVersions(name: string, count: number): string {
  return writeVersions(name, count, (version) => mlp(name, version), []);
}

/** The same with the windows of `ensureWindowsModel`, and its name. */
export function makeVersionsWithWindows(
  model: string,
  count: number,
): { readonly name: string; readonly repository: string } {
  const name = windowsName(model);
  const repository = writeVersions(name, count, (version) => withWindows(mlp(model, version)), WINDOWS);
  return { name, repository };
}

function writeVersions(
  name: string,
  count: number,
  modelOf: (version: number) => Mlp,
  windows: readonly string[],
): string {
  const repository = tempFolder('bench-versions');
  for (let version = 1; version <= count; version++) {
    const model = modelOf(version);
    const named = { name, version: String(version), fields: model.width - windows.length, windows };
    write(join(repository, name, String(version)), model, named);
  }
  return repository;
}

/**
 * Windows of a record's key: three lengths, counts and means, of what is there and of what was a
 * minute ago.
 */
const WINDOWS = ['1m, hop: 3s', '7m, hop: 15s', '30m, hop: 1m'].flatMap((size) =>
  ['', ', delay: 1m'].flatMap((delay) => [
    `{ window: { function: count, size: ${size}${delay} }, log1p: true }`,
    `{ window: { function: mean, of: features.0, size: ${size}${delay} } }`,
  ]),
);

/**
 * The same model with twelve windows among its inputs. It computes with them, but they weigh
 * nothing: so its scores are those of the model without, and can be audited like them. Returns its
 * name.
 */
export function ensureWindowsModel(name: string): string {
  const model = mlp(name);
  const windows = windowsName(name);
  ensure(windows, withWindows(model), model.width, WINDOWS);
  return windows;
}

const windowsName = (name: string): string => name.replace(/^mlp/, 'windows');

function withWindows({ layers, width, ...model }: Mlp): Mlp {
  const [first, ...others] = layers as [Layer, ...Layer[]];
  const kernel = new Float32Array((width + WINDOWS.length) * first.outputs);
  kernel.set(first.kernel);
  return {
    ...model,
    width: width + WINDOWS.length,
    layers: [{ ...first, kernel, inputs: width + WINDOWS.length }, ...others],
  };
}

function ensure(name: string, model: Mlp, fields: number, windows: readonly string[]): string {
  const folder = join(benchRepository(), name, '1');
  if (!existsSync(join(folder, 'model.yaml'))) write(folder, model, { name, version: '1', fields, windows });
  return folder;
}

interface Named {
  readonly name: string;
  readonly version: string;
  /** Features that are in the record. */
  readonly fields: number;
  readonly windows: readonly string[];
}

function write(folder: string, model: Mlp, { name, version, fields, windows }: Named): void {
  writeGraphModel(folder, model);
  writeSavedModel(join(folder, 'saved_model'), model);
  writeOnnx(join(folder, 'model.onnx'), model);
  const golden = Array.from({ length: GOLDEN_RECORDS }, (_, number) => {
    const features = [...featuresOf(number, fields)];
    const row = [...features, ...windows.map(() => 0)];
    const outputs = { [OUTPUT]: [forward(model, row)] };
    return { record: { id: idOf(number), features }, outputs, key: 'golden' };
  });
  writeFileSync(join(folder, 'golden.json'), JSON.stringify(golden));
  writeFileSync(
    join(folder, 'model.yaml'),
    [
      `name: ${name}`,
      `version: ${version}`,
      `inputs: [${[`{ path: features, count: ${fields} }`, ...windows].join(', ')}]`,
      `outputs: [${OUTPUT}]`,
      'artefacts:',
      `  savedModel: { path: saved_model, input: ${INPUT} }`,
      `  web: { path: model.json, input: ${INPUT} }`,
      `  onnx: { path: model.onnx, input: ${INPUT} }`,
      'golden: { path: golden.json, tolerance: 1e-4 }',
      '',
    ].join('\n'),
  );
}
