// What the peers in JavaScript share: their arguments, and the clock that measures them as the
// daemon is measured.

import { parseArgs } from 'node:util';
import { pack, unpack } from 'msgpackr';
import { BACKENDS, type Backend } from '../../src/model/predictor.ts';

export interface PeerArguments {
  readonly brokers: string;
  readonly input: string;
  readonly output: string;
  readonly group: string;
  /** Folder of the model's version. */
  readonly model: string;
  readonly format: string;
  readonly backend: Backend;
  /** Ends after so many records, or so many seconds. */
  readonly count: number;
  readonly seconds: number;
  /** Seconds after the first record that are not measured. */
  readonly warmUp: number;
}

/** What a peer prints as its last line. */
export interface PeerReport {
  readonly scored: number;
  readonly recordsPerSecond: number;
  readonly cpuMicrosPerRecord: number;
}

export interface Input {
  readonly id: string;
  readonly features: readonly number[];
}

export function peerArguments(): PeerArguments {
  const text = { type: 'string', default: '' } as const;
  const { values } = parseArgs({
    options: {
      brokers: text,
      input: text,
      output: text,
      group: text,
      model: text,
      format: text,
      backend: text,
      count: text,
      seconds: text,
      'warm-up': text,
    },
  });
  const backend = BACKENDS.find((name) => name === values.backend);
  const [count, seconds, warmUp] = [values.count, values.seconds, values['warm-up']].map(Number);
  if (backend === undefined || !count || !seconds || warmUp === undefined)
    throw new Error('a peer is started by "npm run bench -- peers"');
  return { ...values, backend, count, seconds, warmUp };
}

export const decoder =
  (format: string) =>
  (value: Buffer): Input =>
    (format === 'json' ? JSON.parse(value.toString()) : unpack(value)) as Input;

export const encoder =
  (format: string) =>
  (result: object): Buffer | string =>
    format === 'json' ? JSON.stringify(result) : pack(result);

/** Counts scored records; resolves `done` when the peer has had enough. */
export class Stopwatch {
  readonly done: Promise<PeerReport>;
  readonly #arguments: PeerArguments;
  #resolve: (report: PeerReport) => void = () => {};
  #scored = 0;
  #isWarm = false;
  /** Where the measured time begins: with the first record, and again after the warm-up. */
  #from: { readonly scored: number; readonly atMs: number; readonly cpu: NodeJS.CpuUsage } | undefined;

  constructor(peer: PeerArguments) {
    this.#arguments = peer;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Call with what came, before it is worked on. */
  begin(): void {
    this.#from ??= { scored: 0, atMs: performance.now(), cpu: process.cpuUsage() };
  }

  /** Call when its results are acknowledged. */
  scored(records: number): void {
    this.#scored += records;
    const from = this.#from;
    if (from === undefined) throw new Error('begin comes first');
    const nowMs = performance.now();
    const { warmUp, count, seconds } = this.#arguments;
    const isDone = this.#scored >= count || (this.#isWarm && nowMs - from.atMs >= seconds * 1000);
    if (!isDone) {
      if (this.#isWarm || nowMs - from.atMs < warmUp * 1000) return;
      this.#isWarm = true;
      this.#from = { scored: this.#scored, atMs: nowMs, cpu: process.cpuUsage() };
      return;
    }
    const measured = this.#scored - from.scored;
    const { user, system } = process.cpuUsage(from.cpu);
    this.#resolve({
      scored: this.#scored,
      recordsPerSecond: (measured * 1000) / (nowMs - from.atMs),
      cpuMicrosPerRecord: (user + system) / measured,
    });
  }
}
