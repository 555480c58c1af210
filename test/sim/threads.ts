// Worker threads of the simulated world: the real scorer runs in them, in virtual time. They may be slow, die, or hang
// until their deadline; a poisoned record kills its thread every time.

import { compileReader } from '../../src/scoring/compile-reader.ts';
import type { InputReader } from '../../src/scoring/input-reader.ts';
import type { ScoreRequest, ScorerSetup, WorkerRequest, WorkerResponse } from '../../src/scoring/messages.ts';
import { ResultWriter } from '../../src/scoring/result-writer.ts';
import { Scorer } from '../../src/scoring/scorer.ts';
import { ThreadRetiredError, type WorkerThreads } from '../../src/scoring/threads.ts';
import { DEAD, PARTITIONS, RESULTS } from './cluster.ts';
import type { Dice } from './faults.ts';
import type { SimProcess } from './process.ts';

/** A record whose `x` is this kills the thread that reads it. */
export const KILLS = 666;
/** The model throws for a record whose `x` is this. */
export const THROWS = 13;

const DEADLINE_MS = 150;
const PROBE_MS = 3;

class ThreadDeath extends Error {}

const setup: ScorerSetup = {
  modelFolder: '',
  backend: 'cpu',
  inputFormat: 'json',
  avro: null,
  inputPartitionCount: PARTITIONS,
  resultFormat: 'json',
  idPaths: ['id'],
  results: { topic: RESULTS, partitionCount: PARTITIONS },
  deadLetters: { topic: DEAD, partitionCount: PARTITIONS },
  deadLetterDialects: [],
  compression: 'none',
  predictRecordsMax: 4,
  resultBatchBytesMax: 500,
  inflatedBytesMax: 2 ** 20,
  recordBytesMax: 2 ** 20,
  headersMax: 100,
  nestingMax: 64,
  growth: { bytesMax: 2 ** 30, tensorsMax: 1000 },
};

const reader = compileReader(
  'json',
  [{ kind: 'field', path: 'x', log1p: false, mean: 0, std: 1 }],
  setup.idPaths,
);
const deadlyReader: InputReader = {
  width: reader.width,
  read(bytes, start, end, features, row, timestampMs) {
    const rejection = reader.read(bytes, start, end, features, row, timestampMs);
    if (rejection === null && features[row] === KILLS) throw new ThreadDeath('the thread has exited');
    return rejection;
  },
  ids: (row) => reader.ids(row),
  idStart: (row, id) => reader.idStart(row, id),
  idEnd: (row, id) => reader.idEnd(row, id),
};

/** No state goes from one task to the next: one scorer does for all threads of all processes. */
const scorer = new Scorer({
  setup,
  reader: deadlyReader,
  writer: new ResultWriter({
    inputFormat: setup.inputFormat,
    format: setup.resultFormat,
    idPaths: setup.idPaths,
    outputs: ['score'],
    model: 'm',
    version: '1',
  }),
  predictor: {
    backend: 'cpu',
    runtime: 'simulated',
    predict(features) {
      if (features.includes(THROWS)) throw new Error('the model cannot take it');
      return [features.map((value) => value * 2)];
    },
    tensorCount: () => 0,
  },
  model: { name: 'm', version: '1' },
  probe: () => {},
});

function answer(request: WorkerRequest): WorkerResponse {
  if (request.type === 'probe') return { type: 'sound' };
  try {
    return {
      type: 'scored',
      scored: scorer.score(request),
      bytes: request.bytes,
      usage: null,
      retiring: null,
    };
  } catch (error) {
    if (error instanceof ThreadDeath) throw error;
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return { type: 'failed', code: code ?? 'SCORELANE_SCORER', message };
  }
}

export class SimThreads implements WorkerThreads {
  readonly count = 2;
  readonly #process: SimProcess;
  readonly #dice: Dice;
  #busy = 0;
  readonly #queue: (() => void)[] = [];
  /** Offsets of each partition below which chance has struck already: it does so once, as a record is to blame otherwise. */
  readonly #struckBelow = new Map<number, number>();

  constructor(process: SimProcess, dice: Dice) {
    this.#process = process;
    this.#dice = dice;
  }

  onError(): void {}

  async stop(): Promise<void> {}

  run(request: WorkerRequest): Promise<WorkerResponse> {
    return new Promise((resolve, reject) => {
      this.#queue.push(() => this.#start(request, resolve, reject));
      this.#next();
    });
  }

  #next(): void {
    while (this.#busy < this.count) {
      const start = this.#queue.shift();
      if (start === undefined) return;
      this.#busy++;
      start();
    }
  }

  #start(
    request: WorkerRequest,
    resolve: (response: WorkerResponse) => void,
    reject: (error: Error) => void,
  ): void {
    const end = (act: () => void): void => {
      this.#busy--;
      act();
      this.#next();
    };
    const after = (delayMs: number, act: () => void): void => {
      this.#process.after(delayMs, () => end(act));
    };
    if (request.type === 'probe') {
      after(PROBE_MS, () => resolve({ type: 'sound' }));
      return;
    }
    const dies = this.#strikes(request);
    if (dies === 'threadsRetire') {
      after(0, () => reject(new ThreadRetiredError('the thread had grown too much')));
    } else if (dies === 'threadsHang') {
      after(DEADLINE_MS, () => reject(new Error('a worker took longer than its deadline')));
    } else if (dies === 'threadsDie') {
      after(this.#dice.delayMs('score', 4, 60), () => reject(new Error('the thread was killed')));
    } else {
      after(this.#dice.delayMs('score', 4, 60), () => {
        try {
          resolve(answer(request));
        } catch (error) {
          reject(error as Error);
        }
      });
    }
  }

  #strikes({
    partition,
    first,
    until,
    verdict,
  }: ScoreRequest): 'threadsDie' | 'threadsHang' | 'threadsRetire' | null {
    if (this.#dice.strikes('threadsRetire', 0.04)) return 'threadsRetire';
    if (verdict !== null || first < (this.#struckBelow.get(partition) ?? 0)) return null;
    for (const fault of ['threadsDie', 'threadsHang'] as const) {
      if (!this.#dice.strikes(fault, 0.04)) continue;
      this.#struckBelow.set(partition, until);
      return fault;
    }
    return null;
  }
}
