// Worker threads of the simulated world: the real scorer runs in them, in virtual time. They may be
// slow, die, or hang until their deadline; a poisoned record kills its thread every time.

import { ThreadRetiredError, type WorkerThread } from '../../src/pool/worker-thread.ts';
import type {
  ScorePart,
  ScoreRequest,
  WorkerRequest,
  WorkerResponse,
} from '../../src/worker-protocol/messages.ts';
import type { Dice } from './faults.ts';
import type { SimProcess } from './process.ts';
import type { SimDisk } from './sim-model.ts';
import { Life, type PlanOf } from './thread-life.ts';
import { DIED } from './versions.ts';

const DEADLINE_MS = 150;
const PROBE_MS = 3;
/** To load one more version, usually and where it is slow. */
const LOAD_MS = 8;
const SLOW_LOAD_MS = 80;
/**
 * Offsets of each partition below which chance has struck already: it does so once, as a record is
 * to blame otherwise.
 */
type StruckBelow = Map<number, number>;

interface ThreadWorld {
  readonly dice: Dice;
  readonly disk: SimDisk | null;
  readonly planOf: PlanOf;
}

export class SimThread implements WorkerThread {
  readonly #process: SimProcess;
  readonly #newLife: () => Life;
  #life: Life;
  readonly #dice: Dice;
  #isBusy = false;
  readonly #queue: (() => void)[] = [];
  readonly #struckBelow: StruckBelow;

  /**
   * With a disk it keeps the states of lanes until it is lost. All threads of a process have one
   * `struckBelow`: a lane goes from one to the other.
   */
  constructor(process: SimProcess, { dice, disk, planOf }: ThreadWorld, struckBelow: StruckBelow) {
    this.#struckBelow = struckBelow;
    this.#process = process;
    this.#dice = dice;
    this.#newLife = () => new Life(disk, planOf);
    this.#life = this.#newLife();
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
      this.#life = this.#newLife();
      reject(error);
    };
    const answer = (): void => {
      try {
        resolve(this.#life.answer(request));
      } catch (error) {
        lose(error as Error);
      }
    };
    if (request.type === 'load' && this.#life.hasModels) {
      const dies = this.#dice.strikes('threadsDie', 0.1);
      after(this.#dice.delayMs('load', LOAD_MS, SLOW_LOAD_MS), dies ? () => lose(new Error(DIED)) : answer);
      return;
    }
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
      after(this.#dice.delayMs('score', 4, 60), () => lose(new Error(DIED)));
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
