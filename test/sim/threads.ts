// Worker threads of the simulated world: the real scorer runs in them, in virtual time. They may be
// slow, die, or hang until their deadline; a poisoned record kills its thread every time.

import { parseCondition, testOfRows } from '../../src/answers/condition.ts';
import { compilePlan } from '../../src/features/plan.ts';
import { ThreadRetiredError, type WorkerThread } from '../../src/pool/worker-thread.ts';
import type { InputReader } from '../../src/reading/input-reader.ts';
import { readerWith } from '../../src/reading/plan-reader.ts';
import { mend } from '../../src/worker/mend.ts';
import { Pipeline } from '../../src/worker/pipeline.ts';
import { offsetsIn } from '../../src/worker/record-offsets.ts';
import type { LaneStates } from '../../src/worker/states/lane-states.ts';
import { manageState } from '../../src/worker/states/manage-state.ts';
import { ResultWriter } from '../../src/worker/write/result-writer.ts';
import {
  NotLoadedError,
  type ScorePart,
  type ScoreRequest,
  type ScorerSetup,
  type WorkerRequest,
  type WorkerResponse,
} from '../../src/worker-protocol/messages.ts';
import { DEAD, RESULTS, ROUTED, ROUTED_ABOVE } from './cluster.ts';
import type { Dice } from './faults.ts';
import type { SimProcess } from './process.ts';
import { deadly, type SimDisk, scoreOf, statefulReading, THROWS } from './sim-model.ts';
import { selectionOf } from './skips.ts';

const DEADLINE_MS = 150;
const PROBE_MS = 3;

const SCORE = { name: 'score', type: 'float', isList: false } as const;
const X = { kind: 'field', path: 'x', log1p: false, mean: 0, std: 1 } as const;

/** What a daemon of this world is told. */
export const setupOf = (dice: Pick<Dice, 'has'>): ScorerSetup =>
  setupWith(dice.has('skips'), dice.has('routes'));

const setupWith = (skips: boolean, routes: boolean): ScorerSetup => ({
  ...selectionOf(skips),
  modelFolder: '',
  backend: 'cpu',
  resultFormat: 'json',
  idPaths: ['id'],
  results: RESULTS,
  deadLetters: DEAD,
  routes: routes ? [{ topic: ROUTED, when: parseCondition(`score > ${ROUTED_ABOVE}`) }] : [],
  deadLetterDialects: [],
  compression: 'none',
  predictRecordsMax: 4,
  resultBatchBytesMax: 500,
  inflatedBytesMax: 2 ** 20,
  recordBytesMax: 2 ** 20,
  headersMax: 100,
  features: false,
  job: '',
  resultFrame: new Uint8Array(0),
  tracing: null,
});

/** A record has made the thread exit: whatever it does from then on reaches nobody. */
let exited = false;

interface Parts {
  readonly setup: ScorerSetup;
  readonly scorer: Pipeline;
  readonly states: LaneStates | null;
}

/** One thread's scorer, and the states of the lanes on it. */
function newParts(disk: SimDisk | null, setup: ScorerSetup): Parts {
  const { idPaths, inputFormat } = setup;
  const stateless = (): InputReader => readerWith(setup, [X], (fields) => compilePlan([X], fields)).reader;
  const { reader, states } =
    disk === null ? { reader: stateless(), states: null } : statefulReading(disk, setup);
  const { width } = reader;
  const scorer = new Pipeline({
    setup,
    reader: deadly(reader, () => {
      exited = true;
    }),
    writer: new ResultWriter({
      inputFormat,
      format: 'json',
      idPaths,
      outputs: ['score'],
      model: 'm',
      version: '1',
    }),
    predictor: {
      backend: 'cpu',
      runtime: 'simulated',
      predict(features, rows) {
        const row = (at: number): Float32Array => features.subarray(at * width, (at + 1) * width);
        if (Array.from({ length: rows }, (_, at) => row(at)[0]).includes(THROWS))
          throw new Error('the model cannot take it');
        return [Float32Array.from({ length: rows }, (_, at) => scoreOf(row(at)))];
      },
      tensorCount: () => 0,
      dispose: () => {},
    },
    states,
    model: { name: 'm', version: '1' },
    routed: setup.routes.map(({ when }) => testOfRows(when, [SCORE])),
    probe: () => {},
  });
  return { setup, scorer, states };
}

/**
 * No state goes from one task to the next where there are no windows: one scorer does for all
 * threads of all processes.
 */
const stateless = new Map<string, Parts>();

function partsFor(disk: SimDisk | null, setup: ScorerSetup): Parts {
  if (disk !== null) return newParts(disk, setup);
  const kind = JSON.stringify([setup.tombstones, setup.routes]);
  const found = stateless.get(kind) ?? newParts(null, setup);
  stateless.set(kind, found);
  return found;
}

/** What runs in a thread, until the thread is lost. */
class Life {
  readonly #parts: Parts;
  #isLoaded = false;

  constructor(disk: SimDisk | null, dice: Dice) {
    this.#parts = partsFor(disk, setupOf(dice));
  }

  /** Throws when the thread has exited. */
  answer(request: WorkerRequest): WorkerResponse {
    exited = false;
    const answer = this.#answer(request);
    if (exited) throw new Error('the thread has exited');
    return answer;
  }

  #answer(request: WorkerRequest): WorkerResponse {
    const { setup, scorer, states } = this.#parts;
    try {
      if (request.type === 'load') this.#isLoaded = true;
      if (request.type === 'load') return { type: 'loaded' };
      if (!this.#isLoaded) throw new NotLoadedError('the thread has begun again');
      if (request.type === 'probe') return { type: 'sound' };
      if (request.type === 'unload') throw new Error('nobody unloads a model');
      if (request.type === 'mend') {
        const model = { name: 'm', version: '1' };
        return { type: 'mended', mended: mend(request, setup, model, 0) };
      }
      if (request.type === 'offsets')
        return { type: 'offsets', offsets: offsetsIn(request, setup.inflatedBytesMax) };
      if (request.type === 'predict') throw new Error('nobody makes requests');
      if (request.type !== 'score') return manageState(states as LaneStates, request);
      return {
        type: 'scored',
        outcomes: scorer.score(request),
        bytes: request.bytes,
        usage: null,
        retiring: null,
      };
    } catch (error) {
      const { code, message, stack = '' } = error as Error & { readonly code?: string };
      return { type: 'failed', code: code ?? 'SCORELANE_SCORER', message, stack };
    }
  }
}

/**
 * Offsets of each partition below which chance has struck already: it does so once, as a record is
 * to blame otherwise.
 */
type StruckBelow = Map<number, number>;

export class SimThread implements WorkerThread {
  readonly #process: SimProcess;
  readonly #disk: SimDisk | null;
  #life: Life;
  readonly #dice: Dice;
  #isBusy = false;
  readonly #queue: (() => void)[] = [];
  readonly #struckBelow: StruckBelow;

  /**
   * With a disk it keeps the states of lanes until it is lost. All threads of a process have one
   * `struckBelow`: a lane goes from one to the other.
   */
  constructor(process: SimProcess, dice: Dice, disk: SimDisk | null, struckBelow: StruckBelow) {
    this.#struckBelow = struckBelow;
    this.#process = process;
    this.#dice = dice;
    this.#disk = disk;
    this.#life = new Life(disk, dice);
  }

  onError(): void {}

  async stop(): Promise<void> {}

  run(given: WorkerRequest): Promise<WorkerResponse> {
    // What goes to a thread is cloned; the bytes of records would only take time here.
    const request = given.type === 'score' || given.type === 'load' ? given : structuredClone(given);
    return new Promise((resolve, reject) => {
      this.#queue.push(() => this.#start(request, resolve, reject));
      this.#next();
    });
  }

  #next(): void {
    const start = this.#isBusy ? undefined : this.#queue.shift();
    if (start === undefined) return;
    this.#isBusy = true;
    start();
  }

  #start(
    request: WorkerRequest,
    resolve: (response: WorkerResponse) => void,
    reject: (error: Error) => void,
  ): void {
    const end = (act: () => void): void => {
      this.#isBusy = false;
      act();
      this.#next();
    };
    const after = (delayMs: number, act: () => void): void => {
      this.#process.after(delayMs, () => end(act));
    };
    const lose = (error: Error): void => {
      this.#life = new Life(this.#disk, this.#dice);
      reject(error);
    };
    const answer = (): void => {
      try {
        resolve(this.#life.answer(request));
      } catch (error) {
        lose(error as Error);
      }
    };
    if (request.type !== 'score') {
      after(PROBE_MS, answer);
      return;
    }
    const dies = this.#strikes(request);
    if (dies === 'threadsRetire') {
      after(0, () => lose(new ThreadRetiredError('the thread had grown too much')));
    } else if (dies === 'threadsHang') {
      after(DEADLINE_MS, () => lose(new Error('a worker took longer than its deadline')));
    } else if (dies === 'threadsDie') {
      after(this.#dice.delayMs('score', 4, 60), () => lose(new Error('the thread was killed')));
    } else {
      after(this.#dice.delayMs('score', 4, 60), answer);
    }
  }

  #strikes({ parts }: ScoreRequest): 'threadsDie' | 'threadsHang' | 'threadsRetire' | null {
    if (this.#dice.strikes('threadsRetire', 0.04)) return 'threadsRetire';
    const isSpared = ({ partition, first, verdict }: ScorePart): boolean =>
      verdict !== null || first < (this.#struckBelow.get(partition) ?? 0);
    if (parts.some(isSpared)) return null;
    for (const fault of ['threadsDie', 'threadsHang'] as const) {
      if (!this.#dice.strikes(fault, 0.04)) continue;
      for (const { partition, until } of parts) this.#struckBelow.set(partition, until);
      return fault;
    }
    return null;
  }
}
