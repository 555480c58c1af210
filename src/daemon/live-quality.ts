// Reads the results of a job as far as they are there, and joins them with their labels.

import { avroNameOf } from '../answers/avro-result-schema.ts';
import { nameOfId } from '../answers/result-names.ts';
import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { isMap } from '../features/path.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import { comparedField, thresholdOf } from '../rescoring/compared-field.ts';
import type { QualityRow } from '../rescoring/live-quality.ts';
import { LiveQuality } from '../rescoring/live-quality.ts';
import { asSetting } from './as-setting.ts';
import { modelFolder } from './configured-model.ts';
import { readValues } from './read-values.ts';
import { labelsById } from './replay-labels.ts';
import type { Topics } from './topics.ts';
import { valueForm } from './value-forms.ts';

export interface QualityWish {
  /** The field of a label, and the topic that holds labels under the ids of results. */
  readonly label: string;
  readonly labelsTopic: string;
  /** Of the records; all that the topic holds unless given. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  /** As `comparedField` and `thresholdOf` find them unless given. */
  readonly score: string | undefined;
  readonly threshold: number | undefined;
}

export interface QualityReport {
  readonly score: string;
  readonly threshold: number | null;
  /** Records without a number as their score, or that are no results: they are in no row. */
  readonly unreadable: number;
  readonly rows: readonly QualityRow[];
}

const NOTHING: Readonly<Record<string, unknown>> = {};

/**
 * Rejects with `SettingError`, `ConfigError`, `ModelError`, `LabelsError`, and as `Topics` does.
 */
export async function liveQuality(config: Config, topics: Topics, wish: QualityWish): Promise<QualityReport> {
  const { output, limits } = config;
  const { format, topic, ids } = output;
  const [id] = ids;
  if (id === undefined)
    throw new ConfigError([
      'output.ids: expected a field by which results and their labels are joined, found none',
    ]);
  const manifest = readManifest(modelFolder(config));
  const model = { manifest, golden: readGolden(manifest) };
  const score = asSetting(() => comparedField(wish.score, [model]));
  const threshold = wish.threshold ?? thresholdOf(model, score);
  const labels = await labelsById(
    config,
    topics,
    { id, label: wish.label },
    {
      topic: wish.labelsTopic,
      ranges: await topics.ranges(wish.labelsTopic),
    },
  );
  const quality = new LiveQuality(threshold);
  const ranges = await topics.ranges(topic, wish.fromMs, wish.toMs);
  const named = (name: string): string => (format === 'avro' ? avroNameOf(name) : name);
  const [scoreField, idField] = [named(score), named(nameOfId(id))];
  let unreadable = 0;
  const read = { form: valueForm(config, 'results'), ranges, inflatedBytesMax: limits.inflatedBytes };
  await readValues(topics.open(topic), read, ({ timestampMs }, decoded) => {
    // Nothing in what is no result: others may write to the topic too.
    const value: unknown = 'why' in decoded ? null : decoded.value;
    const { [scoreField]: given, [idField]: of, version } = isMap(value) ? value : NOTHING;
    if (typeof given !== 'number') unreadable++;
    else
      quality.add(
        String(version),
        timestampMs,
        given,
        labels(of === undefined || of === null ? null : String(of)),
      );
  });
  return { score, threshold, unreadable, rows: quality.rows() };
}
