// Reads the results of a job as far as they are there, and joins them with their labels.

import { nameOfId } from '../answers/result-names.ts';
import type { Codec } from '../codec/codec.ts';
import { codecs } from '../codec/codecs.ts';
import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { eachRecord, readRange } from '../log/read-range.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import { comparedField, thresholdOf } from '../rescoring/compared-field.ts';
import type { QualityRow } from '../rescoring/live-quality.ts';
import { LiveQuality } from '../rescoring/live-quality.ts';
import { asSetting } from './as-setting.ts';
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
  /** Records without a number as their score, or that are no results: they are in no row. */
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
      const { [score]: given, [name]: of, version } = fieldsOf(codec, bytes, valueStart, valueEnd);
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

/** Nothing for what is no result: others may write to the topic too. */
function fieldsOf(
  codec: Codec,
  bytes: Uint8Array,
  start: number,
  end: number,
): Readonly<Record<string, unknown>> {
  try {
    const value = codec.decode(bytes, start, end);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
