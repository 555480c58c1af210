// Reads the results of a job as far as they are there, and joins them with their labels.

import { nameOfId } from '../answers/result-names.ts';
import { codecs } from '../codec/codecs.ts';
import { ConfigError, SettingError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { eachRecord, readRange } from '../log/read-range.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import { comparedField, thresholdOf } from '../rescoring/compared-field.ts';
import type { QualityRow } from '../rescoring/live-quality.ts';
import { LiveQuality } from '../rescoring/live-quality.ts';
import { modelFolder } from './configured-model.ts';
import { labelsById } from './replay-labels.ts';
import type { Topics } from './topics.ts';

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
  /** Results without a number as their score: they are in no row. */
  readonly unreadable: number;
  readonly rows: readonly QualityRow[];
}

/**
 * Rejects with `SettingError`, `ConfigError`, `ModelError`, `LabelsError`, and as `Topics` does.
 */
export async function liveQuality(config: Config, topics: Topics, wish: QualityWish): Promise<QualityReport> {
  const { output, limits } = config;
  const { format, topic, ids } = output;
  const [id] = ids;
  if (format === 'avro')
    throw new ConfigError([
      'output.format: expected json or msgpack, found avro: results in Avro cannot be read by this command yet',
    ]);
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
  const codec = codecs[format];
  const name = nameOfId(id);
  let unreadable = 0;
  await readRange(topics.open(topic), ranges, (fetched) =>
    eachRecord(fetched, ranges, limits.inflatedBytes, ({ bytes, timestampMs, valueStart, valueEnd }) => {
      if (valueStart < 0) return;
      const result = codec.decode(bytes, valueStart, valueEnd) as Readonly<Record<string, unknown>>;
      const { [score]: given, [name]: of, version } = result;
      if (typeof given !== 'number') unreadable++;
      else
        quality.add(
          String(version),
          timestampMs,
          given,
          labels(of === undefined || of === null ? null : String(of)),
        );
    }),
  );
  return { score, threshold, unreadable, rows: quality.rows() };
}

function asSetting<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof RangeError) throw new SettingError(error.message, { cause: error });
    throw error;
  }
}
