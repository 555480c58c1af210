// From what a user asks of a replay to its plan: the range by offsets, the versions, the field that
// is compared. Nothing is scored yet.

import { SettingError } from '../config/load.ts';
import { outputsOf } from '../config/outputs.ts';
import type { Config } from '../config/schema.ts';
import { readCommitMetadata } from '../log/commit-metadata.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { versionsOf } from '../model/repository.ts';
import { boundIn, type HistoryBound, rangesBetween } from '../rescoring/bounds.ts';
import { type ComparedModel, comparedField, thresholdOf } from '../rescoring/compared-field.ts';
import {
  fingerprintOf,
  type LabelsTopic,
  type PlannedRange,
  type PlannedVersion,
  type RunPlan,
} from '../rescoring/run-plan.ts';
import { PINNED, readLabels } from '../versions/labels.ts';
import { wantedVersion } from '../versions/wanted-version.ts';
import { asSetting } from './as-setting.ts';
import { modelFolder } from './configured-model.ts';
import type { Topics } from './topics.ts';

/** A version of a model, as a user names it. */
export interface NamedVersion {
  readonly model: string;
  readonly version: string;
}

export interface ReplayWish {
  readonly candidate: NamedVersion;
  readonly baseline: NamedVersion | null;
  readonly from: string;
  readonly to: string;
  readonly score?: string | undefined;
  readonly threshold?: number | undefined;
  readonly label?: string | undefined;
  readonly labelsTopic?: string | undefined;
  readonly toTopic?: string | undefined;
}

/**
 * The version by its name, where it was named as `latest` or by a label. What is pinned is what
 * serves, and says nothing of what a replay shall compare. Throws `ModelError`.
 */
function exactly({ model: { repository } }: Config, { model, version }: NamedVersion): NamedVersion {
  const labels = readLabels(repository, model);
  const { [PINNED]: _, ...others } = labels.versions;
  const there = { ...labels, versions: version === PINNED ? labels.versions : others };
  const found = wantedVersion(version, {
    versions: versionsOf(repository, model),
    labels: there,
    refused: new Set(),
  });
  if (found.version === null) throw new ModelError(`model ${model} in ${repository}: ${found.why}`);
  return { model, version: found.version };
}

/** The configuration with another version as its model. */
export const configOf = (config: Config, { model, version }: NamedVersion): Config => ({
  ...config,
  model: { ...config.model, name: model, version },
});

const planned = (config: Config, named: NamedVersion): PlannedVersion => {
  const folder = modelFolder(configOf(config, named));
  const { name, version } = readManifest(folder);
  return { model: name, version, fingerprint: fingerprintOf(folder) };
};

/** Rejects with `SettingError`, `ModelError`, and as `Topics` does. */
export async function planReplay(config: Config, topics: Topics, wish: ReplayWish): Promise<RunPlan> {
  const { input, output } = config;
  const { label, labelsTopic, toTopic } = wish;
  const candidate = exactly(config, wish.candidate);
  const baseline = wish.baseline === null ? null : exactly(config, wish.baseline);
  refuseTopics(config, toTopic, labelsTopic);
  const id = output.ids[0] ?? null;
  if (labelsTopic !== undefined && (label === undefined || id === null))
    throw new SettingError(
      label === undefined
        ? '--labels: expected the field with the label in the records of --labels-topic, found nothing'
        : 'output.ids: expected a field by which records and their labels are joined (--labels-topic), found none',
    );
  const models = [candidate, ...(baseline === null ? [] : [baseline])].map((named) => {
    const manifest = readManifest(modelFolder(configOf(config, named)));
    return { manifest, golden: readGolden(manifest) };
  });
  const score = asSetting(() => comparedField(wish.score, models));
  const [first, second] = models;
  const topicId = await topics.topicId(input.topic);
  return {
    topic: input.topic,
    topicId,
    from: wish.from,
    to: wish.to,
    ranges: await rangesOf(config, topics, wish, topicId),
    candidate: planned(config, candidate),
    baseline: baseline === null ? null : planned(config, baseline),
    score,
    thresholds: {
      candidate: wish.threshold ?? decision(first, score),
      baseline: wish.threshold ?? decision(second ?? first, score),
    },
    label: label ?? null,
    id,
    labelsTopic: labelsTopic === undefined ? null : await labelsIn(topics, labelsTopic),
    toTopic: toTopic ?? null,
  };
}

/** What the live job reads and writes stays as it is. */
function refuseTopics(config: Config, toTopic: string | undefined, labelsTopic: string | undefined): void {
  const { input } = config;
  if (toTopic === undefined) return;
  if ([input.topic, ...outputsOf(config).map(({ topic }) => topic)].includes(toTopic))
    throw new SettingError(`--to-topic: expected a topic that the job does not use itself, found ${toTopic}`);
  if (toTopic === labelsTopic)
    throw new SettingError(
      `--to-topic: expected another topic than --labels-topic, found ${toTopic} for both`,
    );
}

async function labelsIn(topics: Topics, topic: string): Promise<LabelsTopic> {
  return { topic, ranges: await topics.ranges(topic) };
}

async function rangesOf(
  config: Config,
  topics: Topics,
  { from, to }: ReplayWish,
  topicId: string | null,
): Promise<PlannedRange[]> {
  const { topic } = config.input;
  const bounds = [from, to].map((text) => boundIn(text) as HistoryBound) as [HistoryBound, HistoryBound];
  const [whole, fromTime, untilTime] = await Promise.all([
    topics.ranges(topic),
    ...bounds.map((bound) => (bound.kind === 'time' ? topics.ranges(topic, bound.timestampMs) : null)),
  ]);
  const held = whole.map((range, partition) => ({
    ...range,
    fromTime: fromTime?.[partition]?.from,
    untilTime: untilTime?.[partition]?.from,
  }));
  const ranges = asSetting(() => rangesBetween(held, ...bounds));
  const committed = await topics.committed(config.kafka['group.id'], topic);
  return ranges.map((range, partition) => {
    // Records that were placed when there were fewer partitions are in their place, as for the
    // live job.
    const metadata = readCommitMetadata(committed.get(partition)?.metadata);
    if (metadata === null || metadata.topicId !== topicId) return range;
    return { ...range, placedBy: [metadata.partitions, ...metadata.placedBy] };
  });
}

const decision = (model: ComparedModel | undefined, score: string): number | null =>
  model === undefined ? null : thresholdOf(model, score);
