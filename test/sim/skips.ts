// Records that are none of the model's business, in the worlds that have them: tombstones, and
// records that a condition does not let through. They have no answer and are in no window; they are
// counted, and the audit, which reads by a reader of its own, knows them.

import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import type { ReadingSetup } from '../../src/reading/reading-setup.ts';
import { Selection } from '../../src/reading/selection.ts';
import type { HistoryEvent } from '../guarantees/history.ts';
import type { Cluster } from './cluster.ts';

/** What stands in the field `op` of records that are wanted, and of others. */
export const WANTED = 'c';
export const UNWANTED = 'd';

/** What a daemon of a world is told. */
export const selectionOf = (skips: boolean): ReadingSetup => ({
  inputFormat: 'json',
  avro: null,
  json: { isFramed: false, schemas: [], notFinite: false },
  nestingMax: 64,
  only: skips ? { op: [WANTED] } : {},
  tombstones: skips ? 'skip' : 'deadLetter',
});

const INFLATED_BYTES_MAX = 2 ** 20;

/** Records about which the audit is of another mind. */
export function misjudged(
  cluster: Cluster,
  inputs: readonly Extract<HistoryEvent, { type: 'input' }>[],
): string[] {
  const selection = new Selection(selectionOf(true));
  const placeOf = (incarnation: string | undefined, partition: number, offset: number): string =>
    `partition ${partition} of ${incarnation}, offset ${offset}`;
  const skipped = new Set(
    inputs
      .filter((input) => input.skipped === true)
      .map(({ incarnation, partition, offset }) => placeOf(incarnation, partition, offset)),
  );
  const found: string[] = [];
  for (const [incarnation, logs] of cluster.inputLogs)
    for (const [partition, log] of logs.entries())
      for (const batch of log.batches.filter(({ header }) => !cluster.isSkipped(header))) {
        const records = openRecordBatch(batch, INFLATED_BYTES_MAX);
        while (records.next()) {
          const place = placeOf(incarnation, partition, records.offset);
          const judged = selection.skips(records) === true;
          if (judged !== skipped.has(place))
            found.push(`audit: ${place} is ${judged ? '' : 'not '}skipped for it`);
        }
      }
  return found;
}
