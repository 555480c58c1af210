// The pool for lanes with a state on real threads, and one who plays the engine for a lane: what
// the tests of both have in common.

import { codecs } from '../../src/codec/codecs.ts';
import { startingAt } from '../../src/log/offset.ts';
import { planOf, readManifest } from '../../src/model/manifest.ts';
import type { BeginningOf } from '../../src/pool/beginnings.ts';
import { ModelHost } from '../../src/pool/model-host.ts';
import { PreparedFolders } from '../../src/pool/prepared-states.ts';
import { SnapshotDirectory } from '../../src/pool/snapshot-store.ts';
import { StatefulPool } from '../../src/pool/stateful-pool.ts';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import type { LaneAddress } from '../../src/scoring/lane-address.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import type { Trial } from '../../src/scoring/trial.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { COUNTER, deploymentOf, GROWTH, microBatchOf, type OutputRecord, outputsOf } from './model.ts';
import { history, windowsModel } from './windows-model.ts';

const faults = new URL('../pool/fault-worker.ts', import.meta.url);
const modelWith = (version: string, state = '{ time: at, partitioning: trusted }') =>
  windowsModel(
    '\n  - { path: amount, log1p: true }\n  - { window: { function: sum, by: customer, of: amount, size: 1d } }' +
      '\n  - { window: { function: mean, by: customer, of: amount, size: 7d } }',
    state,
    version,
  );
export const MODEL = modelWith('1');
/**
 * Other versions of the model: one with the same plan, one whose windows wait for what comes late.
 */
export const SAME_PLAN = modelWith('2');
export const OTHER_PLAN = modelWith('3', '{ time: at, partitioning: trusted, grace: 1s }');
export const RECORDS = history(10, 60);
export const EACH = 20;

export const features = (() => {
  const plan = planOf(readManifest(MODEL.folder));
  const row = new Float32Array(plan.width);
  return RECORDS.map((record) => {
    plan.fill(record, row, 0, record.at, null);
    return row.join();
  });
})();

/** All of the log. */
const WHOLE = { offset: 0, assumedMs: Number.NEGATIVE_INFINITY };

export async function poolWith(
  workers: number,
  directory: string | null = null,
  hurry = 1,
  beginningOf: BeginningOf = async () => WHOLE,
  growth = GROWTH,
  modelFolder = MODEL.folder,
) {
  const said: string[] = [];
  const pool = new StatefulPool({
    hosts: Array.from({ length: workers }, () => {
      const thread = new PiscinaThread({ deadlineMs: 20_000, growth, workerUrl: faults });
      return new ModelHost(thread, { onThreadLost: (why) => said.push(why) });
    }),
    deployment: deploymentOf({ modelFolder, features: true, predictRecordsMax: EACH }),
    snapshots: new SnapshotDirectory(directory),
    prepared: new PreparedFolders(directory ?? tempFolder('prepared')),
    snapshotIntervalMs: 0,
    beginningOf,
    nowMs: () => performance.now() * hurry,
    counts: COUNTER,
    onThreadRetired: (why) => said.push(why),
    onState: (_, words) => said.push(words),
  });
  await pool.start();
  return { pool, said };
}

const IN_FLIGHT = 4;

/**
 * Plays the engine for one lane: several micro-batches in flight, and back to the first that has no
 * answer when a state is lost.
 */
export class Feeder {
  readonly answers: Outcome[] = [];
  restores = 0;
  answered = 0;
  readonly #pool: StatefulPool;
  readonly #partition: number;
  readonly #keyOf: (offset: number) => string;
  readonly #trials: readonly Trial[];

  constructor(
    pool: StatefulPool,
    partition = 0,
    keyOf: (offset: number) => string = () => 'k',
    trials: readonly Trial[] = [],
  ) {
    this.#trials = trials;
    this.#pool = pool;
    this.#partition = partition;
    this.#keyOf = keyOf;
  }

  get lane() {
    return { topic: 'in', partition: this.#partition, epoch: this.restores };
  }

  async run(upTo = RECORDS.length): Promise<void> {
    while (this.answered < upTo) {
      if (++this.restores > 50) throw new Error('the state is lost again and again');
      const from = await this.#pool.restore(this.lane, startingAt(this.answered));
      await this.#feed(from, upTo).catch((error: { readonly code?: string }) => {
        if (error.code !== 'SCORELANE_STATE_LOST') throw error;
      });
    }
  }

  async #feed(from: number, upTo: number): Promise<void> {
    const scoreFrom = startingAt(this.answered);
    const sent: { readonly next: number; readonly answer: Promise<Outcome> }[] = [];
    for (let at = from; at < upTo || sent.length > 0; ) {
      for (; at < upTo && sent.length < IN_FLIGHT; at = Math.min(upTo, at + EACH)) {
        const next = Math.min(upTo, at + EACH);
        const answer = this.#pool.score({ ...this.#microBatch(at, next), scoreFrom });
        // Those behind one that fails fail too, and nobody waits for them.
        answer.catch(() => {});
        sent.push({ next, answer });
      }
      const { next, answer } = sent.shift() as (typeof sent)[number];
      const outcome = await answer;
      if (next <= scoreFrom) continue;
      this.answers.push(outcome);
      this.answered = next;
      this.#pool.committed([{ ...this.lane, next: startingAt(next) }]);
    }
  }

  /** Feeds records that have their answers. */
  async feedOnly(lane: LaneAddress, from: number, upTo: number): Promise<void> {
    const scoreFrom = startingAt(RECORDS.length);
    await this.#pool.score({ ...this.#microBatch(from, upTo), ...lane, scoreFrom });
  }

  /** One micro-batch with records on both sides of the position. */
  cross(lane: LaneAddress, from: number, position: number, upTo: number): Promise<Outcome> {
    return this.#pool.score({ ...this.#microBatch(from, upTo), ...lane, scoreFrom: startingAt(position) });
  }

  #microBatch(first: number, next: number) {
    const records = RECORDS.slice(first, next).map((value, index) => ({
      key: this.#keyOf(first + index),
      value: { ...value },
    }));
    return { ...microBatchOf(records, 'msgpack', first), ...this.lane, trials: this.#trials };
  }
}

const offsetOf = ({ headers }: OutputRecord): number =>
  Number(headers['__scorelane.source.offset'] ?? headers['__scorelane.errors.offset']);

/** By offset, what became of every record. */
export const fates = (answers: readonly Outcome[]): string[] =>
  answers
    .flatMap(outputsOf)
    .toSorted((left, right) => offsetOf(left) - offsetOf(right))
    .map(({ topic, value, headers }) => {
      if (topic !== 'out') return headers['__scorelane.errors.code'] ?? '';
      const { features: row } = codecs.msgpack.decode(value as Uint8Array, 0, value?.length ?? 0) as {
        readonly features: readonly number[];
      };
      return row.join();
    });
