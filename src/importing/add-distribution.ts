// A version with a distribution beside one that has none, or has another: the same model, and what
// was recorded of samples. The version before stays as it is.

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { DISTRIBUTION_FILE } from '../model/distribution.ts';
import { readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { readModelFile } from '../model/model-files.ts';
import { findVersion } from '../model/repository.ts';
import { addVersion } from './new-version.ts';
import { RECORDS_MAX, recordInto } from './record-distribution.ts';
import { readSamples } from './samples.ts';

export interface DistributionRequest {
  readonly repository: string;
  readonly name: string;
  /** The one that is taken over; the latest unless given. */
  readonly version?: string | undefined;
  /** Records as the model was trained on: JSON lines or CSV. */
  readonly samples: string;
}

export interface AddedDistribution {
  readonly from: string;
  readonly version: number;
  readonly folder: string;
  readonly records: number;
  readonly columns: number;
}

/** Rejects with `ModelError`, and with what reading the samples rejects with. */
export async function addDistribution(request: DistributionRequest): Promise<AddedDistribution> {
  const { repository, name, samples } = request;
  const before = findVersion(repository, name, request.version ?? 'latest');
  const { version: from } = readManifest(before);
  const records = await readSamples(samples, RECORDS_MAX);
  const { folder, written } = await addVersion({ repository, name }, async (draft, version) => {
    cpSync(before, draft, { recursive: true });
    const recorded = await recordInto(draft, readManifest(draft), records);
    if (recorded.records === undefined) throw new ModelError(`${samples}: ${recorded.why}`);
    const manifest = join(draft, 'model.yaml');
    writeFileSync(manifest, withDistribution(readModelFile(manifest), version));
    readManifest(draft);
    return { ...recorded, version };
  });
  return { from, folder, ...written };
}

/** The text of a model.yaml, with its comments, as that of another version. */
function withDistribution(text: string, version: number): string {
  const document = parseDocument(text);
  document.set('version', version);
  document.set('distribution', document.createNode({ path: DISTRIBUTION_FILE }, { flow: true }));
  return document.toString({ lineWidth: 0 });
}
