// The model of the simulated world, as the real scorer runs it, and what it must say of every
// record. In half of the worlds it has windows: then a lane has a state, and the answer to a record
// depends on those before it.

import type { Archive, Numbers } from '../../src/features/archive.ts';
import type { Fields } from '../../src/features/feature-plan.ts';
import type { PlanInput } from '../../src/features/spec.ts';
import { StatefulPlan } from '../../src/features/stateful-plan.ts';
import type { Window, WindowFunction } from '../../src/features/window-spec.ts';
import type { TopicPartition } from '../../src/log/topic-partition.ts';
import type { MemoryPartition } from '../../src/memory/broker.ts';
import type { PreparedStates } from '../../src/pool/prepared-states.ts';
import type { SnapshotStore } from '../../src/pool/snapshot-store.ts';
import type { InputReader } from '../../src/reading/input-reader.ts';
import { readerWith } from '../../src/reading/plan-reader.ts';
import { ownsIn } from '../../src/worker/states/copartition.ts';
import { LaneStates } from '../../src/worker/states/lane-states.ts';
import { SnapshotError, type SnapshotTitle } from '../../src/worker/states/snapshot-file.ts';
import type { SnapshotRange } from '../../src/worker-protocol/messages.ts';
import type { Cluster } from './cluster.ts';
import type { Dice } from './faults.ts';
import { UNWANTED } from './skips.ts';

/** A record whose `x` is this kills the thread that reads it. */
export const KILLS = 666;
/** The reader throws for a record whose `x` is this. */
export const BREAKS = 777;
/** The model throws for a record whose `x` is this. */
export const THROWS = 13;

const window = (name: WindowFunction, sizeMs: number, delayMs = 0, by?: string): PlanInput => {
  const of = name === 'count' ? undefined : 'x';
  const hopMs = sizeMs / 4;
  const shape: Window = { function: name, of, by, sizeMs, hopMs, panes: 4, delayMs, empty: -1, bound: 4 };
  return { kind: 'window', window: shape, log1p: false, mean: 0, std: 1 };
};
const X = { kind: 'field', path: 'x', log1p: false, mean: 0, std: 1 } as const;
/**
 * By their names. A state of one fits into the other, as they have as many panes, and would be
 * wrong there; and one reaches further back.
 */
const PLANS = {
  first: [X, window('count', 80), window('sum', 200, 0, 'who'), window('max', 80, 40)],
  other: [X, window('count', 120), window('sum', 280, 0, 'who'), window('max', 120, 60)],
} as const satisfies Record<string, readonly PlanInput[]>;
export type PlanName = keyof typeof PLANS;
/** In the worlds where versions differ in it. */
export const planOfVersion = (version: string): PlanName => (Number(version) & 2 ? 'other' : 'first');
export const DRIFT_MS = 20;
/** What is dated later is refused: this world ends long before. */
const AHEAD_MS = 1e9;
/** A time beyond it. */
export const FAR_AHEAD_MS = 1e12;
const OPTIONS = {
  time: 'at',
  unit: 'ms',
  driftMs: DRIFT_MS,
  aheadMs: AHEAD_MS,
  graceMs: 10,
  keysMax: 100,
  pendingMax: 100,
  partitioning: 'checked',
} as const;
const newPlan = (
  name: PlanName,
  partition: number,
  counts: readonly number[] = [],
  fields?: Fields,
): StatefulPlan => new StatefulPlan(PLANS[name], OPTIONS, ownsIn(partition, counts), fields, () => 0);
export const REACH = { first: newPlan('first', 0).reach, other: newPlan('other', 0).reach } as const;

/** A score that no two rows share by chance. */
export const scoreOf = (row: Float32Array): number =>
  row.reduce((sum, value, index) => Math.fround(sum + value * (1 + index / 7)), 0);

/**
 * The reader, with records among its input that make the thread exit, and others that bring a fault
 * of it to light.
 */
export function deadly(reader: InputReader, exit: () => void): InputReader {
  return {
    width: reader.width,
    wantsKey: reader.wantsKey,
    read(bytes, start, end, features, row, timestampMs, key) {
      if (Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).includes(`"x":${BREAKS}}`))
        throw new TypeError('nobody thought of this');
      const rejection = reader.read(bytes, start, end, features, row, timestampMs, key);
      if (rejection === null && features[row * reader.width] === KILLS) exit();
      return rejection;
    },
    ids: (row) => reader.ids(row),
    idStart: (row, id) => reader.idStart(row, id),
    idEnd: (row, id) => reader.idEnd(row, id),
  };
}

/** A list or an array of a state. */
type Part = number[] | Numbers;

/** Files of this world: they outlive the processes. */
export class SimDisk implements SnapshotStore {
  readonly keeps = true;
  readonly #files = new Map<string, { readonly title: SnapshotTitle; readonly parts: readonly Part[] }>();
  readonly #dice: Dice;
  #drafts = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  find({ partition }: TopicPartition): string | null {
    return this.#files.has(`${partition}`) ? `${partition}` : null;
  }

  draft(): string {
    return `draft ${this.#drafts++}`;
  }

  async publish(draft: string, { partition }: TopicPartition): Promise<void> {
    this.#publish(draft, `${partition}`);
  }

  #publish(draft: string, key: string): void {
    const file = this.#files.get(draft);
    this.#files.delete(draft);
    if (file !== undefined) this.#files.set(key, file);
  }

  async discard(draft: string): Promise<void> {
    this.#files.delete(draft);
  }

  async close(): Promise<void> {}

  /** What a process keeps for its lanes' way back to another plan. */
  beside(owner: string): PreparedStates {
    const keyOf = (plan: string, { partition }: TopicPartition): string => `${owner} ${plan} ${partition}`;
    return {
      folderOf: (plan) => `${owner} ${plan}`,
      find: (plan, of) => (this.#files.has(keyOf(plan, of)) ? keyOf(plan, of) : null),
      storeOf: (plan) => ({
        keeps: true,
        find: () => null,
        draft: () => this.draft(),
        publish: async (draft, of) => this.#publish(draft, keyOf(plan, of)),
        discard: (file) => this.discard(file),
        close: async () => {},
      }),
      forget: async (plan) => {
        for (const file of [...this.#files.keys()])
          if (file.startsWith(`${owner} ${plan} `)) this.#files.delete(file);
      },
      close: async () => {},
    };
  }

  write(file: string, title: SnapshotTitle, pass: (to: Archive) => void): number {
    const parts: Part[] = [];
    const keep = <T extends Part>(part: T): T => {
      parts.push(part.slice());
      return part;
    };
    pass({
      numbers: (values) => keep([...values]),
      array: (array) => keep(array),
      list: (values) => keep([...values]),
    });
    this.#files.set(file, { title, parts });
    return parts.length;
  }

  read(
    file: string,
    wanted: Omit<SnapshotTitle, 'at'>,
    { notBefore, notAfter }: SnapshotRange,
    pass: (from: Archive) => void,
  ): number {
    const found = this.#files.get(file);
    if (found === undefined || this.#dice.strikes('snapshotsRot', 0.2))
      throw new SnapshotError('it is damaged');
    if (found.title.incarnation !== wanted.incarnation) throw new SnapshotError('it is of another topic');
    if (found.title.plan !== wanted.plan) throw new SnapshotError('it is of another plan');
    if (found.title.placedBy !== wanted.placedBy) throw new SnapshotError('it is of other counts');
    if (found.title.offset > notAfter) throw new SnapshotError('it is too late');
    if (found.title.offset < notBefore) throw new SnapshotError('it is too early');
    const parts = found.parts.map((part) => part.slice());
    pass({
      numbers: () => parts.shift() as number[],
      array: <T extends Numbers>() => parts.shift() as T,
      list: () => parts.shift() as number[],
    });
    return found.title.offset;
  }
}

/** The reader of a thread, and the states behind it. */
export function statefulReading(
  disk: SimDisk,
  setup: Parameters<typeof readerWith>[0],
  name: PlanName,
): { readonly reader: InputReader; readonly states: LaneStates } {
  const files = { read: disk.read.bind(disk), write: disk.write.bind(disk) };
  let states: LaneStates | undefined;
  const { reader } = readerWith(setup, PLANS[name], (fields) => {
    states = new LaneStates(
      ({ partition, placedBy }) => newPlan(name, partition, placedBy, fields),
      name,
      files,
    );
    return states;
  });
  return { reader, states: states as LaneStates };
}

/**
 * The score of every record of a partition, by offset, as one who reads the log once from its start
 * finds it.
 */
function undisturbed(cluster: Cluster, log: MemoryPartition, name: PlanName): ReadonlyMap<number, number> {
  // Every record was placed by the count of its time: whatever else a lane knew of then, it takes
  // them all.
  const plan = new StatefulPlan(PLANS[name], OPTIONS, null, undefined, () => 0);
  const scores = new Map<number, number>();
  const row = new Float32Array(plan.width);
  for (const { offset, key, value, timestampMs } of cluster.records(log)) {
    let record: unknown;
    try {
      record = JSON.parse(value ?? '');
    } catch {
      continue;
    }
    const { x, op } = record as { readonly x?: number; readonly op?: string };
    if (x === KILLS || x === BREAKS || op === UNWANTED) continue;
    const rejection = plan.fill(record, row, 0, Number(timestampMs), key === null ? null : Buffer.from(key));
    if (rejection === null) scores.set(offset, scoreOf(row));
  }
  return scores;
}

/**
 * Results that are not what one finds who reads the log once, undisturbed, with the windows of
 * their version (invariant 8).
 */
export function disturbed(cluster: Cluster, planOf: (version: string) => PlanName): string[] {
  const wanted = new Map<string, ReadonlyMap<number, number>>();
  const scoresOf = (name: PlanName, incarnation: string, partition: number): ReadonlyMap<number, number> => {
    const key = `${name} ${incarnation} ${partition}`;
    const log = cluster.inputLogs.get(incarnation)?.[partition];
    const scores = wanted.get(key) ?? (log === undefined ? new Map() : undisturbed(cluster, log, name));
    wanted.set(key, scores);
    return scores;
  };
  return cluster.history.flatMap((event) => {
    if (event.type !== 'appended' || event.kind !== 'result') return [];
    const { partition, offset, value, incarnation, version = '' } = event;
    const { score } = JSON.parse(value ?? '') as { readonly score: number };
    const expected = scoresOf(planOf(version), incarnation ?? '', partition).get(offset);
    return score === expected
      ? []
      : [`${partition}, offset ${offset}: the score is ${score}, undisturbed ${expected}`];
  });
}
