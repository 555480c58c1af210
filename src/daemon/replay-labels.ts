// Labels that a topic of their own holds, by the id of the record that they belong to.

import { ScorelaneError } from '../base/errors.ts';
import type { Config } from '../config/schema.ts';
import { parsePath, valueAt } from '../features/path.ts';
import type { ValueForm } from '../reading/value-decoder.ts';
import { LABEL, type Label, labelOf } from '../rescoring/result-reader.ts';
import type { LabelsTopic, RunPlan } from '../rescoring/run-plan.ts';
import { readValues } from './read-values.ts';
import type { Topics } from './topics.ts';
import { valueForm } from './value-forms.ts';

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
  config: Config,
  topics: Topics,
  { id, label }: Pick<RunPlan, 'id' | 'label'>,
  { topic, ranges }: LabelsTopic,
): Promise<(id: string | null) => Label> {
  const { input, limits } = config;
  const [idPath, labelPath] = [parsePath(id ?? ''), parsePath(label ?? '')];
  const labels = new Map<string, Label>();
  const read = { form: labelsForm(config), ranges, inflatedBytesMax: limits.inflatedBytes };
  await readValues(topics.open(topic), read, ({ offset }, decoded, partition) => {
    const place = `offset ${offset} of partition ${partition} of ${topic}`;
    if ('why' in decoded)
      throw new LabelsError(`--labels-topic: expected ${input.format} at ${place}: ${decoded.why}`);
    const found = valueAt(decoded.value, idPath);
    if (found === undefined || found === null)
      throw new LabelsError(`--labels-topic: expected the id "${id}" at ${place}, found nothing`);
    labels.set(String(found), labelOf(valueAt(decoded.value, labelPath)));
    if (labels.size > LABELS_MAX)
      throw new LabelsError(
        `--labels-topic: expected labels of at most ${LABELS_MAX} records, found more in ${topic}; ` +
          'labels in the records themselves (--labels alone) have no bound',
      );
  });
  return (of) => (of === null ? LABEL.absent : (labels.get(of) ?? LABEL.absent));
}

/**
 * As the input is read, but with all the fields that were written: the reader's schema is that of
 * the input, and need not have the label.
 */
function labelsForm(config: Config): ValueForm {
  const form = valueForm(config, 'input');
  const { avro } = form;
  // Without a frame nothing says what else it may be written with.
  if (avro === null || avro.framing === 'plain') return form;
  const writers = avro.schema === null ? avro.writers : [avro.schema, ...avro.writers];
  return { ...form, avro: { ...avro, schema: null, writers } };
}
