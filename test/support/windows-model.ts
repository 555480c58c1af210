// A model with windows over a generated history, its inputs said by the test: what it predicts
// means nothing.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeGraphModel } from '../../bench/models/graph-model.ts';
import { forward, type Mlp, mlp } from '../../bench/models/mlp.ts';
import { generateHistory, type Transaction } from '../../src/load/history.ts';
import { planOf, readManifest } from '../../src/model/manifest.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

const START_MS = Date.UTC(2026, 0, 1);
const GOLDEN_RECORDS = 40;

export const history = (days: number, customers: number): Transaction[] => {
  const found: Transaction[] = [];
  for (const each of generateHistory({ seed: 1, customers, terminals: 2 * customers, startMs: START_MS })) {
    if (each.at >= START_MS + days * 86_400_000) break;
    found.push(each);
  }
  return found;
};

export interface WindowsModel {
  readonly folder: string;
  readonly repository: string;
  /** For the configuration. */
  readonly settings: readonly string[];
  readonly model: Mlp;
}

/** What another version of it may have of its own. */
interface VersionOptions {
  /** Of the version before; a new one unless given. */
  readonly repository?: string;
  /** Neurons in its hidden layer: other numbers give other scores. */
  readonly hidden?: number;
  /** How many times as large its weights are. */
  readonly scale?: number;
  /** More lines of model.yaml. */
  readonly more?: string;
}

/**
 * Writes it as a version of `cards` in a repository of its own. `inputs` and `windows` are as
 * model.yaml has them.
 */
export function windowsModel(
  inputs: string,
  state: string,
  version = '1',
  { repository = tempFolder('windows'), hidden = 8, scale = 1, more = '' }: VersionOptions = {},
): WindowsModel {
  const folder = join(repository, 'cards', version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'model.yaml'),
    `name: cards\nversion: ${version}\ninputs:${inputs}\nwindows: ${state}\noutputs: [score]\n` +
      'artefacts: { web: { path: model.json, input: features } }\ngolden: { path: golden.json, tolerance: 1e-4 }\n' +
      more,
  );
  const manifest = readManifest(folder);
  const model = mlp(`mlp-${manifest.width}-${hidden}-1`);
  for (const { kernel } of model.layers)
    for (const [index, weight] of kernel.entries()) kernel[index] = weight * scale;
  writeGraphModel(folder, model);
  const plan = planOf(manifest);
  const row = new Float32Array(plan.width);
  const golden = history(1, 50)
    .slice(0, GOLDEN_RECORDS)
    .map((record) => {
      const rejection = plan.fill(record, row, 0, record.at, Buffer.from(record.customer));
      if (rejection !== null) throw new Error(rejection.message);
      const outputs = { score: [forward(model, [...row])] };
      return { record, outputs, timestampMs: record.at, key: record.customer };
    });
  writeFileSync(join(folder, 'golden.json'), JSON.stringify(golden));
  return {
    model,
    folder,
    repository,
    settings: [`model.repository=${repository}`, 'model.name=cards', 'model.backend=wasm'],
  };
}
