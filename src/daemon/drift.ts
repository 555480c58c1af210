// The distributions of a job's features and outputs, for each version of its model that has one
// recorded.

import type { Config } from '../config/schema.ts';
import { readDistribution } from '../model/distribution.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import type { Meter } from '../telemetry/meter.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';

/** What threads then tell of that version is compared. Throws `ModelError`. */
export function withDrift(setup: ScorerSetup, { drift }: Config, meter: Meter): ScorerSetup {
  const manifest = readManifest(setup.modelFolder);
  const distribution = readDistribution(manifest, readGolden(manifest));
  meter.drift.set({ windowMs: drift.window, columnsMax: drift.columns });
  meter.drift.watch(manifest.version, drift.sampling === 0 ? null : distribution);
  return { ...setup, driftSampling: drift.sampling };
}
