// Two results of the same scenario, case by case: how much each figure changed, and whether by more
// than its spread.

import type { Metric, Result } from '../harness/result.ts';
import { median } from '../harness/statistics.ts';
import { cell, row } from './markdown.ts';

/** Throws `RangeError` when the two are not of one scenario. */
export function compare(before: Result, after: Result): string {
  if (before.scenario !== after.scenario)
    throw new RangeError(`these are two scenarios: ${before.scenario} and ${after.scenario}`);
  const lines = [row(['case', 'figure', 'before', 'after', 'change', '']), row(Array(6).fill('---'))];
  for (const { name, figures } of after.runs) {
    const earlier = before.runs.find((each) => each.name === name);
    if (earlier === undefined) {
      lines.push(row([name, '', 'not measured', '', '', '']));
      continue;
    }
    for (const metric of after.metrics) {
      const was = earlier.figures[metric.name] ?? [];
      const is = figures[metric.name] ?? [];
      if (was.length === 0 || is.length === 0) continue;
      const what = `${metric.name}, ${metric.unit}`;
      lines.push(row([name, what, cell(metric, was), cell(metric, is), ...verdict(metric, was, is)]));
    }
  }
  const gone = before.runs.filter(({ name }) => !after.runs.some((each) => each.name === name));
  for (const { name } of gone) lines.push(row([name, '', '', 'not measured', '', '']));
  const machines = [before, after].map(
    ({ machine, startedAt }) => `${machine.revision} on ${machine.cpu}, ${startedAt}`,
  );
  return [`before: ${machines[0]}`, `after: ${machines[1]}`, '', ...lines, ''].join('\n');
}

function verdict({ better }: Metric, was: readonly number[], is: readonly number[]): [string, string] {
  const change = (median(is) / median(was) - 1) * 100;
  const shown = Number.isFinite(change) ? `${change > 0 ? '+' : ''}${change.toFixed(1)} %` : '';
  if (was.length === 1 || is.length === 1) return [shown, 'one round: spread not known'];
  const overlaps = Math.min(...was) <= Math.max(...is) && Math.min(...is) <= Math.max(...was);
  if (overlaps) return [shown, 'within the spread'];
  if (better === null) return [shown, 'changed'];
  return [shown, change > 0 === (better === 'higher') ? 'better' : 'worse'];
}
