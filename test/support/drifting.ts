// A version of a model that brings the distributions of what it was made with, and records for it.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordInto } from '../../src/importing/record-distribution.ts';
import { Random } from '../../src/load/random.ts';
import { DISTRIBUTION_FILE } from '../../src/model/distribution.ts';
import { readManifest } from '../../src/model/manifest.ts';
import { windowsModel } from './windows-model.ts';

export const DRIFTING_INPUTS = '\n  - { path: amount, log1p: true }\n  - { path: size, default: 0 }';

interface Measured {
  readonly id: number;
  readonly amount: number;
  readonly size: number;
}

/** `factor`: how many times as large the amounts are as those that the model was made with. */
export const measuredRecords = (random: Random, count: number, factor = 1): Measured[] =>
  Array.from({ length: count }, (_, id) => ({
    id,
    amount: factor * Math.exp(3 + random.normal()),
    size: random.normal(),
  }));

/** What writes the distributions into the folder of a version with these inputs. */
export async function withDistributions(): Promise<(folder: string) => void> {
  const { folder } = windowsModel(DRIFTING_INPUTS, '{}');
  const records = measuredRecords(new Random(1), 5_000).map((record) => ({ ...record }));
  await recordInto(folder, readManifest(folder), records);
  const text = readFileSync(join(folder, DISTRIBUTION_FILE), 'utf8');
  return (version) => {
    writeFileSync(join(version, DISTRIBUTION_FILE), text);
    appendFileSync(join(version, 'model.yaml'), 'distribution: { path: distribution.json }\n');
  };
}
