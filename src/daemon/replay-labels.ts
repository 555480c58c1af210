// Labels that a topic of their own holds, by the id of the record that they belong to.

import { ScorelaneError } from '../base/errors.ts';
import { codecs } from '../codec/codecs.ts';
import type { Config } from '../config/schema.ts';
import { parsePath, valueAt } from '../features/path.ts';
import { eachRecord, readRange } from '../log/read-range.ts';
import { LABEL, type Label, labelOf } from '../rescoring/result-reader.ts';
import type { LabelsTopic, RunPlan } from '../rescoring/run-plan.ts';
import type { Topics } from './topics.ts';

/** Labels that cannot be joined with the records that they belong to. */
export class LabelsError extends ScorelaneError {
  readonly code = 'SCORELANE_LABELS';
}

/** They are kept in memory, about 100 bytes each. */
const LABELS_MAX = 5_000_000;

/**
 * Reads the topic, as far as it was when the replay began. Of several labels of a record the last
 * one of its partition counts. Rejects with `LabelsError` if there are too many, and with what is
 * wrong with a record.
 */
export async function labelsById(
  { input, limits }: Config,
  topics: Topics,
  { id, label }: Pick<RunPlan, 'id' | 'label'>,
  { topic, ranges }: LabelsTopic,
): Promise<(id: string | null) => Label> {
  if (input.format === 'avro')
    throw new LabelsError(
      '--labels-topic: expected input.format json or msgpack, found avro: labels in Avro cannot be read yet',
    );
  const codec = codecs[input.format];
  const [idPath, labelPath] = [parsePath(id ?? ''), parsePath(label ?? '')];
  const labels = new Map<string, Label>();
  await readRange(topics.open(topic), ranges, (fetched) =>
    eachRecord(fetched, ranges, limits.inflatedBytes, ({ bytes, offset, valueStart, valueEnd }) => {
      if (valueStart < 0) return;
      const place = `offset ${offset} of partition ${fetched.partition} of ${topic}`;
      let record: unknown;
      try {
        record = codec.decode(bytes, valueStart, valueEnd);
      } catch (error) {
        throw new LabelsError(
          `--labels-topic: expected ${input.format} at ${place}: ${(error as Error).message}`,
          {
            cause: error,
          },
        );
      }
      const found = valueAt(record, idPath);
      if (found === undefined || found === null)
        throw new LabelsError(`--labels-topic: expected the id "${id}" at ${place}, found nothing`);
      labels.set(String(found), labelOf(valueAt(record, labelPath)));
      if (labels.size > LABELS_MAX)
        throw new LabelsError(
          `--labels-topic: expected labels of at most ${LABELS_MAX} records, found more in ${topic}; ` +
            'labels in the records themselves (--labels alone) have no bound',
        );
    }),
  );
  return (of) => (of === null ? LABEL.absent : (labels.get(of) ?? LABEL.absent));
}
