// Requests for the windows of lanes, which may find that a state is gone.

import type { Driver } from '../../src/engine/driver.ts';
import { addressOf, isFed } from '../../src/engine/lane.ts';
import type { StatefulPool } from '../../src/pool/stateful-pool.ts';
import type { Dice } from './faults.ts';
import type { SimProcess } from './process.ts';

/** How seldom a request comes. */
const ASKED_MS = 80;

/** Asks for a lane now and then, as long as the process lives. */
export function askNowAndThen(process: SimProcess, dice: Dice, pool: StatefulPool, driver: Driver): void {
  if (!dice.has('statesLost')) return;
  process.after(dice.of('asked').below(ASKED_MS), () => {
    const lanes = [...driver.state.lanes.values()];
    const lane = lanes[dice.of('asked').below(Math.max(1, lanes.length))];
    if (lane !== undefined && isFed(lane)) {
      if (dice.strikes('statesLost', 0.5)) pool.lost(addressOf(lane));
      if (pool.placeOf(lane, pool.versions.now) === null) driver.stateLost(addressOf(lane));
    }
    askNowAndThen(process, dice, pool, driver);
  });
}
