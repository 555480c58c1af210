// What `scorelane replay` can be told: a range, versions, and what to compare; or to go on.

import { SettingError } from '../config/load.ts';
import type { NamedVersion, ReplayWish } from '../daemon/replay-plan.ts';
import { BOUND_EXPECTED, boundIn } from '../rescoring/bounds.ts';

export interface ReplayFlags {
  readonly model?: NamedVersion;
  readonly against?: string;
  readonly from?: string;
  readonly to?: string;
  readonly score?: string;
  readonly threshold?: number;
  readonly labels?: string;
  readonly labelsTopic?: string;
  readonly toTopic?: string;
  readonly state?: string;
  readonly resume?: string;
  readonly json?: string;
  readonly html?: string;
  readonly saveEvery?: number;
  readonly quiet: boolean;
}

/** Undefined for a text without a model and a version. */
export function versionIn(text: string): NamedVersion | undefined {
  const [, model, version] = /^([^@]+)@([^@]+)$/.exec(text) ?? [];
  return model === undefined || version === undefined ? undefined : { model, version };
}

/** Throws `SettingError`. */
export function wishOf(flags: ReplayFlags): ReplayWish {
  const { model, against, from, to } = flags;
  if (model === undefined || from === undefined || to === undefined) {
    const lacks =
      model === undefined
        ? '--model: expected a version to score with'
        : from === undefined
          ? '--from: expected where to begin'
          : '--to: expected where to end';
    throw new SettingError(`${lacks}, or --resume to go on with an interrupted replay, found nothing`);
  }
  for (const [option, text] of [
    ['--from', from],
    ['--to', to],
  ] as const)
    if (boundIn(text) === undefined)
      throw new SettingError(`${option}: expected ${BOUND_EXPECTED}, found ${text}`);
  return {
    candidate: model,
    baseline: against === undefined ? null : (versionIn(against) ?? { model: model.model, version: against }),
    from,
    to,
    score: flags.score,
    threshold: flags.threshold,
    label: flags.labels,
    labelsTopic: flags.labelsTopic,
    toTopic: flags.toTopic,
  };
}

/** What a replay is told when it begins holds to its end. Throws `SettingError`. */
export function refuseWishes(flags: ReplayFlags): void {
  const { model, against, from, to, score: field, threshold, labels, labelsTopic, toTopic, state } = flags;
  const given = Object.entries({
    '--model': model,
    '--against': against,
    '--from': from,
    '--to': to,
    '--score': field,
    '--threshold': threshold,
    '--labels': labels,
    '--labels-topic': labelsTopic,
    '--to-topic': toTopic,
    '--state': state,
  }).flatMap(([option, value]) => (value === undefined ? [] : [option]));
  if (given.length > 0)
    throw new SettingError(
      `--resume: expected none of the options that a replay keeps from its beginning, found ${given.join(', ')}`,
    );
}
