// What the nemesis of the simulated world does: daemons that are stopped, killed or frozen, a group
// and topics that change under them.

import { keyOf } from '../../src/log/topic-partition.ts';
import { DEAD, PARTITIONS, RESULTS } from './cluster.ts';
import type { Fault } from './faults.ts';
import type { Simulation } from './simulation.ts';
import { SESSION_MS } from './source.ts';

/** For each kind of trouble that it may make. */
export const TROUBLE: readonly (readonly [Fault, (world: Simulation) => void])[] = [
  ['rebalances', (world) => world.group.rebalance()],
  ['joins', (world) => world.join()],
  [
    'stops',
    (world) => {
      const victim = world.victim();
      world.note(() => `${victim?.process.name} is told to stop`);
      void victim?.stop();
      world.later('stops', () => world.join());
    },
  ],
  [
    'kills',
    (world) => {
      const victim = world.victim();
      if (victim === undefined) return;
      world.note(() => `${victim.process.name} is killed`);
      victim.kill();
      world.expireSession(victim);
      world.later('kills', () => world.join());
    },
  ],
  [
    'pauses',
    (world) => {
      const victim = world.victim();
      if (victim === undefined) return;
      const { process } = victim;
      world.note(() => `${process.name} is stopped for a while`);
      process.freeze();
      const forMs = world.dice.of('pauses').below(400);
      if (forMs > SESSION_MS) world.expireSession(victim);
      world.scheduler.after(forMs, () => {
        world.note(() => `${process.name} runs again`);
        process.thaw();
      });
    },
  ],
  [
    'expiries',
    (world) => {
      const victim = world.victim();
      if (victim === undefined) return;
      world.note(() => `the session of ${victim.process.name} expires`);
      world.group.remove(victim.source);
    },
  ],
  [
    'coordinatorLoss',
    (world) => {
      world.note(() => 'the coordinator goes away');
      world.group.coordinatorIsThere = false;
      world.later('coordinatorLoss', () => world.group.coordinatorIsBack());
    },
  ],
  [
    'topicsRefuse',
    (world) => {
      const random = world.dice.of('topicsRefuse');
      const topic = random.next() < 0.5 ? DEAD : RESULTS;
      const all = random.next() < 0.3;
      const what = all ? topic : keyOf({ topic, partition: random.below(PARTITIONS) });
      world.note(() => `${what} refuses everything for a while`);
      world.refusing.add(what);
      world.later('topicsRefuse', () => world.refusing.delete(what));
    },
  ],
  ['clockJumps', (world) => world.victim()?.process.jump(world.dice.of('clockJumps').below(5_000))],
  [
    'stalls',
    (world) => {
      const victim = world.victim();
      world.note(() => `${victim?.process.name} fetches nothing any more`);
      victim?.source.stick();
    },
  ],
  ['retention', (world) => world.deleteOldest()],
  ['remadeTopics', (world) => world.remakeInput()],
  ['inputGrows', (world) => world.growInput()],
  ['outputsRemade', (world) => world.remakeOutput()],
];
