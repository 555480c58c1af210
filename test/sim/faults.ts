// What may go wrong in a run, and how often. Each seed turns some kinds of trouble on and leaves
// others out (swarm testing, Groce et al. 2012): with all of them on at once some would hide
// others.

import { Random } from '../../src/load/random.ts';

export const FAULTS = [
  'rebalances',
  'joins',
  'stops',
  'kills',
  'pauses',
  'expiries',
  'coordinatorLoss',
  'commitsFail',
  'producesFail',
  'producesTimeOut',
  'topicsRefuse',
  'threadsDie',
  'threadsHang',
  'threadsRetire',
  'poison',
  'damage',
  'astrayTimes',
  'aborted',
  'compaction',
  'clockJumps',
  'retention',
  'remadeTopics',
  'inputGrows',
  'outputsRemade',
  'staleFetches',
  'corruption',
  'stalls',
  'slowness',
  'snapshotsRot',
  'leavingHangs',
  'refusals',
  'smallTopics',
  'leadersUnknown',
  'skips',
  'routes',
  'statesLost',
  'versions',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Plan {
  readonly seed: number;
  readonly faults: ReadonlySet<Fault>;
  /**
   * Whether the model has windows. What retention deletes is in them no more: then nobody can say
   * what is right.
   */
  readonly windows: boolean;
  /** Faults stop at this virtual time; then everything must come to its end. */
  readonly faultsUntilMs: number;
}

/** With these alone every lane settles in time: then nothing at all may be repeated. */
const CALM: ReadonlySet<Fault> = new Set([
  'rebalances',
  'joins',
  'stops',
  'damage',
  'astrayTimes',
  'aborted',
  'compaction',
  'staleFetches',
  'refusals',
  'smallTopics',
  'skips',
  'versions',
]);
const CALM_SHARE = 0.2;
const EACH = 0.45;
/** Decided by itself: a world in which nothing is skipped is the same as without this. */
const SKIPS_SHARE = 0.2;
/**
 * The same: one without routes. With them there is more to produce than every rebalance waits for.
 */
const ROUTES_SHARE = 0.25;
/** The same: one in which no request finds that a state is gone. */
const STATES_LOST_SHARE = 0.25;
/** The same: one in which a daemon has one version of its model, and keeps it. */
const VERSIONS_SHARE = 0.5;
/** Those that are decided by themselves. */
const APART: ReadonlySet<Fault> = new Set(['skips', 'routes', 'statesLost', 'versions']);

export const isCalm = ({ faults }: Plan): boolean => [...faults].every((fault) => CALM.has(fault));

/** In half of the worlds the model has windows, unless it is said. */
export function planOf(seed: number, isWindows?: boolean): Plan {
  const random = new Random(seed ^ 0x5eed);
  const calm = random.next() < CALM_SHARE;
  const drawn = FAULTS.filter((fault) => !APART.has(fault));
  const faults = new Set<Fault>(drawn.filter(() => random.next() < EACH));
  if (calm) for (const fault of drawn) if (!CALM.has(fault)) faults.delete(fault);
  if (new Random(seed ^ 0x0d0e).next() < SKIPS_SHARE) faults.add('skips');
  if (new Random(seed ^ 0x20e7).next() < ROUTES_SHARE) faults.add('routes');
  if (new Random(seed ^ 0x105e).next() < STATES_LOST_SHARE) faults.add('statesLost');
  if (new Random(seed ^ 0x7e25).next() < VERSIONS_SHARE) faults.add('versions');
  const faultsUntilMs = 400 + random.below(1_600);
  const windows = isWindows ?? random.next() < 0.5;
  if (windows) faults.delete('retention');
  return { seed, faults, windows, faultsUntilMs };
}

/**
 * Random numbers of a run: a stream for each kind of decision, so that without one fault the rest
 * stays much the same.
 */
export class Dice {
  readonly #streams = new Map<string, Random>();
  readonly #plan: Plan;
  /** Off once the time of faults is over. */
  troubled = true;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  of(name: string): Random {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      let mixed = this.#plan.seed;
      for (const letter of name) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193);
      stream = new Random(mixed);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /** Whether this world has it at all, now or at other times. */
  has(fault: Fault): boolean {
    return this.#plan.faults.has(fault);
  }

  on(fault: Fault): boolean {
    return this.troubled && this.#plan.faults.has(fault);
  }

  /** Whether that trouble strikes now. */
  strikes(fault: Fault, chance: number): boolean {
    return this.on(fault) && this.of(fault).next() < chance;
  }

  /** A delay in milliseconds: mostly short; now and then, where slowness is on, long. */
  delayMs(name: string, usualMs: number, longMs: number): number {
    const random = this.of(name);
    const slow = this.on('slowness') && random.next() < 0.05;
    return random.next() * (slow ? longMs : usualMs);
  }
}
