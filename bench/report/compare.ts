// Two results of the same scenario, case by case: which figures differ by more than their spread,
// what else differs between the two, and one sentence for the rest.

import { median } from '../../src/base/median.ts';
import type { Metric, Result } from '../harness/result.ts';
import { differingKeys, shown } from './explain.ts';
import { cell, row } from './markdown.ts';

type Verdict = 'better' | 'worse' | 'changed' | 'within the spread' | 'one round: spread not known';

/** Throws `RangeError` when the two are not of one scenario. */
export function compare(before: Result, after: Result): string {
  if (before.scenario !== after.scenario)
    throw new RangeError(`these are two scenarios: ${before.scenario} and ${after.scenario}`);
  const rows: string[] = [];
  let within = 0;
  for (const { name, figures } of after.runs) {
    const earlier = before.runs.find((each) => each.name === name);
    if (earlier === undefined) continue;
    for (const metric of after.metrics) {
      const was = earlier.figures[metric.name] ?? [];
      const is = figures[metric.name] ?? [];
      if (was.length === 0 || is.length === 0) continue;
      const verdict = verdictOf(metric, was, is);
      if (verdict === 'within the spread') within++;
      else {
        const what = `${metric.name}, ${metric.unit}`;
        rows.push(row([name, what, cell(metric, was), cell(metric, is), changeOf(was, is), verdict]));
      }
    }
  }
  const [beforeNames, afterNames] = [before, after].map(({ runs }) => runs.map(({ name }) => name));
  const head = [row(['case', 'figure', 'before', 'after', 'change', '']), row(Array(6).fill('---'))];
  return [
    `before: ${origin(before)}`,
    `after:  ${origin(after)}`,
    ...surroundings(before, after),
    '',
    ...(rows.length === 0 ? ['No figure differs by more than its spread.'] : [...head, ...rows]),
    '',
    ...(within === 0 || rows.length === 0 ? [] : [`${within} other figures are within their spread.`]),
    ...only('before', beforeNames ?? [], afterNames ?? []),
    ...only('after', afterNames ?? [], beforeNames ?? []),
    '',
  ].join('\n');
}

const origin = ({ machine, startedAt, command }: Result): string =>
  `${machine.revision} on ${machine.cpu}, ${startedAt}, ${command}`;

/** What differs besides the revision: machine, versions, configuration. */
function surroundings(before: Result, after: Result): string[] {
  const [one, other] = [surroundingsOf(before), surroundingsOf(after)];
  return differingKeys(one, other).map(
    (key) => `differs: ${key}: ${shown(one[key])} -> ${shown(other[key])}`,
  );
}

function surroundingsOf({ machine, log, configs = [] }: Result): Readonly<Record<string, unknown>> {
  const { revision: _, versions, ...hardware } = machine;
  return { ...hardware, log, ...versions, ...configs[0]?.config };
}

const only = (which: string, names: readonly string[], others: readonly string[]): string[] => {
  const alone = names.filter((name) => !others.includes(name));
  return alone.length === 0 ? [] : [`Measured only ${which}: ${alone.join('; ')}.`];
};

function changeOf(was: readonly number[], is: readonly number[]): string {
  const change = (median(is) / median(was) - 1) * 100;
  return Number.isFinite(change) ? `${change > 0 ? '+' : ''}${change.toFixed(1)} %` : '';
}

function verdictOf({ better }: Metric, was: readonly number[], is: readonly number[]): Verdict {
  if (was.length === 1 || is.length === 1)
    return median(was) === median(is) ? 'within the spread' : 'one round: spread not known';
  const overlaps = Math.min(...was) <= Math.max(...is) && Math.min(...is) <= Math.max(...was);
  if (overlaps) return 'within the spread';
  if (better === null) return 'changed';
  return median(is) > median(was) === (better === 'higher') ? 'better' : 'worse';
}
