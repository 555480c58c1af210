// Reads the values of a topic, in whatever form they are, for commands that sum them up.

import type { OffsetRange } from '../log/offset.ts';
import type { Source } from '../log/ports.ts';
import { readRange, recordsWithin } from '../log/read-range.ts';
import type { RecordView } from '../log/record-batch-reader.ts';
import { type Decoded, ValueDecoder, type ValueForm } from '../reading/value-decoder.ts';

export interface ReadValues {
  readonly form: ValueForm;
  /** By partition. */
  readonly ranges: readonly OffsetRange[];
  readonly inflatedBytesMax: number;
}

/**
 * Calls `visit` with each record that has a value, in the order of each partition. Rejects as
 * `readRange` does, and if the registry does not answer.
 */
export async function readValues(
  source: Source,
  { form, ranges, inflatedBytesMax }: ReadValues,
  visit: (record: RecordView, decoded: Decoded, partition: number) => void,
): Promise<void> {
  const decoder = new ValueDecoder(form);
  await readRange(source, ranges, async (fetched) => {
    for (const record of recordsWithin(fetched, ranges, inflatedBytesMax)) {
      if (record.valueStart < 0) continue;
      visit(record, decoder.decodeNow(record) ?? (await decoder.decode(record)), fetched.partition);
    }
  });
}
