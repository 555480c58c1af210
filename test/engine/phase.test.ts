// A lane goes through its phases as they are drawn, and a step that is not drawn is an error at
// once.

import test from 'ava';
import { newLane } from '../../src/engine/lane.ts';
import { enter, type Phase } from '../../src/engine/phase.ts';
import { startingAt } from '../../src/log/offset.ts';

const PHASES: readonly Phase[] = ['running', 'settling', 'halted', 'restoring'];
const DRAWN = [
  'running settling',
  'running halted',
  'settling running',
  'settling halted',
  'halted running',
  'halted settling',
  'halted restoring',
  'restoring running',
  'restoring settling',
  'restoring halted',
];

test('the steps between phases are those that are drawn, and no others', (t) => {
  for (const from of PHASES)
    for (const to of PHASES) {
      const lane = newLane({ topic: 'in', partition: 0, position: startingAt(0) }, 1, from);
      if (DRAWN.includes(`${from} ${to}`)) {
        enter(lane, to);
        t.is(lane.phase, to);
      } else t.throws(() => enter(lane, to), { message: `lane in/0 goes from ${from} to ${to}` });
    }
});
