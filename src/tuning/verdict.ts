// Whether other settings are better than those of now, by runs of both that took turns. On a
// machine that others use too, a gain counts only if each run of the one was better than each of
// the other.

import { grouped } from '../base/grouped.ts';
import { mediansOf, type RunFigures } from './figures.ts';

export interface Verdict {
  readonly isBetter: boolean;
  /** In words. */
  readonly why: string;
}

/** A smaller gain is not worth a key. */
const GAIN_MIN = 0.03;

/** `other` against `now`; the target is in milliseconds. */
export function judge(now: readonly RunFigures[], other: readonly RunFigures[], targetMs: number): Verdict {
  const [before, after] = [mediansOf(now), mediansOf(other)];
  const [kept, keeps] = [before, after].map((each) => keepsTarget(each, targetMs));
  if (kept && !keeps) return no(`p99 ${ms(after.p99Ms)} misses the target`);
  if (!kept) {
    const isLower = allBelow(other, now, ({ p99Ms }) => p99Ms);
    if (!isLower) return no('p99 misses the target either way, by no difference beyond noise');
    const target = keeps ? 'keeps the target' : 'misses the target by less';
    return yes(`p99 ${ms(after.p99Ms)} in place of ${ms(before.p99Ms)} ${target}`);
  }
  const gain = after.recordsPerSecond / before.recordsPerSecond - 1;
  const [rate, oldRate] = [after, before].map((each) => grouped(each.recordsPerSecond));
  if (gain >= GAIN_MIN && allBelow(now, other, ({ recordsPerSecond }) => recordsPerSecond))
    return yes(
      `${percent(gain)} more records: ${rate} a second in place of ${oldRate}, p99 ${ms(after.p99Ms)}`,
    );
  if (gain <= -GAIN_MIN && allBelow(other, now, ({ recordsPerSecond }) => recordsPerSecond))
    return no(`${percent(-gain)} fewer records a second`);
  return no('no difference beyond noise');
}

/** To a tenth of a millisecond: histograms are no finer. */
export const keepsTarget = ({ p99Ms }: RunFigures, targetMs: number): boolean =>
  Math.round(p99Ms * 10) <= targetMs * 10;

const yes = (why: string): Verdict => ({ isBetter: true, why });
const no = (why: string): Verdict => ({ isBetter: false, why });

const allBelow = (
  lower: readonly RunFigures[],
  higher: readonly RunFigures[],
  figure: (run: RunFigures) => number,
): boolean => Math.max(...lower.map(figure)) < Math.min(...higher.map(figure));

/** One run says that more of them would be a waste: far fewer records, or far above the target. */
export function isHopeless(now: RunFigures, other: RunFigures, targetMs: number): boolean {
  const isSlow = other.recordsPerSecond < now.recordsPerSecond / HOPELESS;
  return keepsTarget(now, targetMs) && (isSlow || other.p99Ms > targetMs * HOPELESS_TARGETS);
}

const HOPELESS = 2;
const HOPELESS_TARGETS = 10;

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Milliseconds for people; infinity is a rate that was not kept up with. */
export const ms = (value: number): string =>
  Number.isFinite(value) ? `${value < 100 ? value.toFixed(1) : Math.round(value)} ms` : 'without end';
