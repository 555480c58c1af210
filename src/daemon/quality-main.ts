// The process in which results are joined with labels that come later: it reads both topics beside
// the daemon, so that neither its threads nor its memory have anything to do with it.

import { nameOfId } from '../answers/result-names.ts';
import type { Config } from '../config/schema.ts';
import { isMap, parsePath, valueAt } from '../features/path.ts';
import { LateLabels } from '../rescoring/late-labels.ts';
import type { QualityRow } from '../rescoring/live-quality.ts';
import { labelOf } from '../rescoring/result-reader.ts';
import { createLogger } from '../telemetry/log.ts';
import type { QualityTold, VersionQuality } from '../telemetry/quality.ts';
import { every } from '../time/timer.ts';
import { sayLast, serveDaemon } from './helper-main.ts';
import { impatient } from './open-log.ts';
import { readValues } from './read-values.ts';
import { Topics } from './topics.ts';
import { type Side, valueForm } from './value-forms.ts';

/** What the process is asked, in its first message. */
export interface QualityQuestion {
  readonly config: Config;
  readonly score: string;
  readonly threshold: number | null;
}

/** What it says again and again; or, as the last thing, why it ends. */
export type QualityAnswer = QualityTold | { readonly message: string };

/** Of versions with metrics: a thousand versions are not a thousand series. */
const VERSIONS_MAX = 5;

async function watch({ config, score, threshold }: QualityQuestion): Promise<never> {
  const { output, labels, limits } = config;
  const joined = new LateLabels({ withinMs: labels.within, recordsMax: labels.records });
  const read = [output.topic, labels.topic as string];
  const patience = impatient(config, createLogger('silent'));
  const topics = await Topics.connect(config, patience, 'quality', read);
  const [id = ''] = output.ids;
  const [idPath, labelPath, resultId] = [parsePath(id), parsePath(labels.field), nameOfId(id)];
  let unreadable = 0;
  const follow = async (
    topic: string,
    side: Side,
    join: (value: unknown, timestampMs: number) => boolean,
  ): Promise<void> => {
    const form = valueForm(config, side);
    if (form.format === 'avro') throw new Error('expected json or msgpack, found avro');
    const found = await topics.ranges(topic, Date.now() - labels.within);
    const ranges = found.map(({ from }) => ({ from, until: Number.POSITIVE_INFINITY }));
    const read = { form, ranges, inflatedBytesMax: limits.inflatedBytes };
    await readValues(topics.open(topic), read, ({ timestampMs }, decoded) => {
      // Others may write to the topic too: it is counted as what it is.
      if ('why' in decoded || !join(decoded.value, timestampMs)) unreadable++;
    });
  };
  every(labels.every, () => {
    const versions = latest(joined.rows(Date.now(), threshold).map(toldOf));
    process.send?.({ versions, share: joined.share, unreadable } satisfies QualityTold);
  });
  await Promise.all([
    follow(output.topic, 'results', (value, timestampMs) => {
      if (!isMap(value)) return false;
      const { [score]: given, [resultId]: of, version } = value;
      if (typeof given !== 'number' || of === undefined || of === null) return false;
      joined.result(String(of), String(version), given, timestampMs);
      return true;
    }),
    follow(labels.topic as string, 'input', (value, timestampMs) => {
      const of = valueAt(value, idPath);
      if (of === undefined || of === null) return false;
      joined.label(String(of), labelOf(valueAt(value, labelPath)), timestampMs);
      return true;
    }),
  ]);
  throw new Error('the topics ended');
}

const toldOf = (row: QualityRow): VersionQuality => ({
  ...row,
  areaUnderRoc: row.areaUnderRoc?.value ?? null,
  averagePrecision: row.averagePrecision?.value ?? null,
});

/** Those with the highest names come last, as everywhere. */
const latest = (versions: readonly VersionQuality[]): VersionQuality[] => versions.slice(-VERSIONS_MAX);

serveDaemon(
  (question) =>
    void watch(question as QualityQuestion).catch((error: Error) => sayLast({ message: error.message })),
);
