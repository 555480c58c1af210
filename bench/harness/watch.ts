// Watches processes from outside while a load runs: which of their threads had no core although
// they could have run, and which ran without a pause.

import { every } from '../../src/time/timer.ts';
import { type ThreadTimes, threadTimesOf } from './proc.ts';
import type { Happening } from './tail.ts';

/** Long enough that to look costs less than a hundredth of a core. */
const LOOK_EVERY_MS = 100;
const WAITED_MS_MIN = 3;
const BUSY = 0.95;
/** Threads that compile and collect: no record waits for them to get a core. */
const ASIDE = /^V8Worker|^DelayedTask|^SignalInspector/;
/** The threads of a broker that requests go through; it has some fifty others. */
const OF_BROKER = /^data-plane|^kafka-network|^TxnMarker|^group-coord/;

/** Begins to watch a scorer and the broker; what it returns ends that and gives what was seen. */
export function watch(scorer: number, broker: number | null): () => readonly Happening[] {
  const processes = new Map([['scorer', scorer], ...(broker === null ? [] : [['broker', broker] as const])]);
  const counts = (who: string, name: string): boolean =>
    who === 'broker' ? OF_BROKER.test(name) : !ASIDE.test(name);
  const seen: Happening[] = [];
  let fromMs = Date.now();
  const look = (): Map<string, ReadonlyMap<string, ThreadTimes>> =>
    new Map([...processes].map(([who, pid]) => [who, threadTimesOf(pid)]));
  let before = look();
  const end = every(LOOK_EVERY_MS, () => {
    const untilMs = Date.now();
    const now = look();
    for (const [who, threads] of now) {
      const happened = (what: string, ms: number): void =>
        void seen.push({ what: `${who}: ${what}`, ms, fromMs, untilMs });
      const changes = [...threads].flatMap(([id, { name, ranMs, waitedMs }]) => {
        const old = before.get(who)?.get(id);
        return old === undefined || !counts(who, name)
          ? []
          : [{ name, ranMs: ranMs - old.ranMs, waitedMs: waitedMs - old.waitedMs }];
      });
      const worst = changes.toSorted((a, b) => b.waitedMs - a.waitedMs)[0];
      if (worst !== undefined && worst.waitedMs >= WAITED_MS_MIN)
        happened(`${worst.name} had no core`, worst.waitedMs);
      for (const { name, ranMs } of changes)
        if (ranMs >= BUSY * (untilMs - fromMs)) happened(`${name} ran without a pause`, ranMs);
    }
    before = now;
    fromMs = untilMs;
  });
  return () => {
    end();
    return seen;
  };
}
