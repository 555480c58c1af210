// What runs in a worker thread of the simulated world until the thread is lost: the real scorer, in
// one version of the model or in several, and the states of lanes.

import { parseCondition, testOfRows } from '../../src/answers/condition.ts';
import { compilePlan } from '../../src/features/plan.ts';
import type { InputReader } from '../../src/reading/input-reader.ts';
import { readerWith } from '../../src/reading/plan-reader.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import { mend } from '../../src/worker/mend.ts';
import { Pipeline } from '../../src/worker/pipeline.ts';
import { offsetsIn } from '../../src/worker/record-offsets.ts';
import type { LaneStates } from '../../src/worker/states/lane-states.ts';
import { manageState } from '../../src/worker/states/manage-state.ts';
import { ResultWriter } from '../../src/worker/write/result-writer.ts';
import {
  NotLoadedError,
  type ScorerSetup,
  type WorkerRequest,
  type WorkerResponse,
} from '../../src/worker-protocol/messages.ts';
import { DEAD, RESULTS, ROUTED, ROUTED_ABOVE } from './cluster.ts';
import type { Dice } from './faults.ts';
import { deadly, type PlanName, type SimDisk, scoreOf, statefulReading, THROWS } from './sim-model.ts';
import { selectionOf } from './skips.ts';
import { versionOf } from './versions.ts';

/** What each record takes of a thread, as far as the pool knows: real times would differ. */
const RECORD_MS = 2;

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

interface Reading {
  readonly reader: InputReader;
  readonly states: LaneStates | null;
}

const statelessReading = (setup: ScorerSetup): Reading => ({
  reader: readerWith(setup, [X], (fields) => compilePlan([X], fields)).reader,
  states: null,
});

/** A version of the model on one thread. */
interface Parts {
  readonly setup: ScorerSetup;
  readonly scorer: Pipeline;
  readonly plan: PlanName | undefined;
  readonly states: LaneStates | null;
  readonly model: { readonly name: string; readonly version: string };
}

function newParts(
  { reader, states }: Reading,
  setup: ScorerSetup,
  version: string,
  plan: PlanName | undefined,
): Parts {
  const { idPaths, inputFormat } = setup;
  const { width } = reader;
  const model = { name: 'm', version };
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
      version,
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
    model,
    routed: setup.routes.map(({ when }) => testOfRows(when, [SCORE])),
    probe: () => {},
  });
  return { setup, scorer, plan, states, model };
}

/**
 * No state goes from one task to the next where there are no windows: one scorer does for all
 * threads of all processes.
 */
const stateless = new Map<string, Parts>();

function statelessParts(setup: ScorerSetup, version: string): Parts {
  const kind = JSON.stringify([setup.tombstones, setup.routes, version]);
  const found = stateless.get(kind) ?? newParts(statelessReading(setup), setup, version, undefined);
  stateless.set(kind, found);
  return found;
}

/** What a pool learns of the time of its threads cuts micro-batches: it must be no real time. */
const timed = (outcome: Outcome): Outcome => {
  const { scored, deadLetters, skipped } = outcome;
  return { ...outcome, decodeMs: RECORD_MS * (scored + deadLetters + skipped), predictMs: 0, encodeMs: 0 };
};

export type PlanOf = (version: string) => PlanName | undefined;

/** What runs in a thread, until the thread is lost. */
export class Life {
  readonly #disk: SimDisk | null;
  readonly #planOf: PlanOf;
  readonly #loaded = new Map<string, Parts>();
  readonly #readings = new Map<PlanName, Reading>();

  constructor(disk: SimDisk | null, planOf: PlanOf) {
    this.#disk = disk;
    this.#planOf = planOf;
  }

  get hasModels(): boolean {
    return this.#loaded.size > 0;
  }

  /** Throws when the thread has exited. */
  answer(request: WorkerRequest): WorkerResponse {
    exited = false;
    const answer = this.#answer(request);
    if (exited) throw new Error('the thread has exited');
    return answer;
  }

  #answer(request: WorkerRequest): WorkerResponse {
    try {
      if (request.type === 'load') return this.#load(request.deployment, request.setup);
      if (request.type === 'unload') return this.#unload(request.deployment);
      const parts = this.#loaded.get(request.deployment);
      if (parts === undefined) throw new NotLoadedError(`the thread does not have ${request.deployment}`);
      const { setup, scorer, states, model } = parts;
      if (request.type === 'probe') return { type: 'sound' };
      if (request.type === 'mend') return { type: 'mended', mended: mend(request, setup, model, 0) };
      if (request.type === 'offsets')
        return { type: 'offsets', offsets: offsetsIn(request, setup.inflatedBytesMax) };
      if (request.type === 'predict') throw new Error('nobody makes requests');
      if (request.type !== 'score') return manageState(states as LaneStates, request);
      return {
        type: 'scored',
        outcomes: scorer.score(request).map(timed),
        bytes: request.bytes,
        usage: null,
        retiring: null,
      };
    } catch (error) {
      const { code, message, stack = '' } = error as Error & { readonly code?: string };
      return { type: 'failed', code: code ?? 'SCORELANE_SCORER', message, stack };
    }
  }

  /** Versions with the same plan have the states in common. */
  #load(deployment: string, setup: ScorerSetup): WorkerResponse {
    const version = versionOf(deployment);
    const plan = this.#planOf(version);
    this.#loaded.set(
      deployment,
      this.#disk === null || plan === undefined
        ? statelessParts(setup, version)
        : newParts(this.#readings.get(plan) ?? this.#read(this.#disk, setup, plan), setup, version, plan),
    );
    return { type: 'loaded' };
  }

  #read(disk: SimDisk, setup: ScorerSetup, plan: PlanName): Reading {
    const reading = statefulReading(disk, setup, plan);
    this.#readings.set(plan, reading);
    return reading;
  }

  /** With the last version of a plan its states are gone. */
  #unload(deployment: string): WorkerResponse {
    const plan = this.#loaded.get(deployment)?.plan;
    this.#loaded.delete(deployment);
    if (plan !== undefined && ![...this.#loaded.values()].some((each) => each.plan === plan))
      this.#readings.delete(plan);
    return { type: 'unloaded' };
  }
}
