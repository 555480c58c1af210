// What the tortured daemons score, and who says afterwards whether they scored it right: the model
// without a state is scored again by librdkafka and TensorFlow, the one with windows is compared
// with one undisturbed reading of the log (invariant 8).

import { readManifest } from '../../src/model/manifest.ts';
import { audit, type Job } from '../support/daemon.ts';
import { recordsOf } from '../support/topic.ts';
import { windowsModel } from '../support/windows-model.ts';
import { type Compared, compareFeatures } from './compare-features.ts';

export interface Subject {
  /** More of the daemons' configuration. */
  readonly settings: readonly string[];
  /** More words for the load source. */
  readonly load: readonly string[];
  readonly audit: (job: Job) => Promise<Compared>;
}

export const STATELESS: Subject = { settings: [], load: [], audit: (job) => audit(job) };

/** Windows by record timestamps, short enough to run out while the torture goes on. */
const INPUTS = `
  - { path: amount, log1p: true }
  - { window: { function: count, by: customer, size: 10s } }
  - { window: { function: count, by: customer, size: 5m } }
  - { window: { function: sum, by: customer, of: amount, size: 1m } }
  - { window: { function: max, by: customer, of: amount, size: 5m, delay: 10s } }
  - { window: { function: distinct, by: customer, of: terminal, size: 1m } }
  - { window: { function: timeSinceLast, by: customer, size: 5m, empty: -1 } }`;
/** Few, so that each has something in its windows. */
const CUSTOMERS = ['--customers', '500', '--terminals', '1000'];

/** `stateDirectory` is where all daemons of the scene keep their snapshots. */
export function withWindows(stateDirectory: string, partitions: number): Subject {
  const { folder, settings } = windowsModel(INPUTS, '{ grace: 1s }');
  return {
    settings: [
      ...settings,
      'input.format=json',
      'output.format=json',
      'output.features=true',
      `snapshots.directory=${stateDirectory}`,
      'snapshots.interval=5s',
    ],
    load: ['--generate', 'transactions', ...CUSTOMERS],
    async audit({ address, input, results, deadLetters }) {
      const [inputs, answers, refused] = await Promise.all(
        [input, results, deadLetters].map((topic) => recordsOf(address, topic)),
      );
      return compareFeatures(readManifest(folder), inputs ?? [], answers ?? [], refused ?? [], [partitions]);
    },
  };
}
