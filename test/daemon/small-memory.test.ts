// Where there is no room for native, auto takes a backend that needs little and that the model has
// an artefact for.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { backendsWithin } from '../../src/daemon/memory.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { load, MINIMAL } from '../support/config.ts';
import { MODEL_FOLDER } from '../support/model.ts';

/** A repository with the shipped model, of which these lines of model.yaml are left out. */
function repositoryWithout(lines: RegExp): string {
  const repository = tempFolder('small');
  const folder = join(repository, 'm', '1');
  cpSync(MODEL_FOLDER, folder, { recursive: true });
  const yaml = readFileSync(join(folder, 'model.yaml'), 'utf8').replace('name: creditcard', 'name: m');
  writeFileSync(join(folder, 'model.yaml'), yaml.replace(lines, ''));
  return repository;
}

test('auto without room for native takes WASM, or onnx for a model that has nothing else', (t) => {
  const chosen = (memory: string, lines: RegExp): string => {
    const settings = [`model.repository=${repositoryWithout(lines)}`, `scoring.memoryLimit=${memory}`];
    const { config, origins } = load(MINIMAL, [...settings, 'scoring.workers=1']);
    return backendsWithin(config, (key) => origins.has(key)).model.backend;
  };
  t.is(chosen('4GiB', /none/), 'auto');
  t.is(chosen('500MiB', /none/), 'wasm');
  t.is(chosen('500MiB', / {2}(?:savedModel|web): .*\n/g), 'onnx');
});
