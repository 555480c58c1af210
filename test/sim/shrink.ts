// Makes a failing run smaller: without each fault that it does not need, and with the time of
// faults as short as it still fails. What is left is traced.

import type { Plan } from './faults.ts';
import { type Outcome, simulate } from './simulation.ts';

export async function shrink(plan: Plan): Promise<{ plan: Plan; outcome: Outcome }> {
  const fails = async (candidate: Plan): Promise<boolean> =>
    (await simulate(candidate, { trace: false })).violations.length > 0;
  let smallest = plan;
  for (const fault of plan.faults) {
    const without = { ...smallest, faults: new Set([...smallest.faults].filter((other) => other !== fault)) };
    if (await fails(without)) smallest = without;
  }
  for (let ms = smallest.faultsUntilMs; ms > 20; ms = Math.floor(ms * 0.8)) {
    const shorter = { ...smallest, faultsUntilMs: ms };
    if (await fails(shorter)) smallest = shorter;
  }
  return { plan: smallest, outcome: await simulate(smallest, { trace: true }) };
}
