// The worker thread's entry. Threads are used because opening, decoding and predicting is nearly all of the work: the
// main thread must stay free to move bytes. Loads the model once, checks it, then answers one request at a time.

import { inspect } from 'node:util';
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { avroOutputs } from '../answers/avro-result-schema.ts';
import { FEATURES } from '../answers/result-names.ts';
import { type AvroReader, type SchemaId, SchemaNeededError } from '../codec/avro.ts';
import { SchemaError } from '../codec/avro-schema.ts';
import { SchemaRegistry, waitMsMax } from '../codec/registry.ts';
import { turnToFree } from '../log/compression.ts';
import { checkGolden } from '../model/golden.ts';
import { loadPredictor } from '../model/load-predictor.ts';
import { type GoldenRecord, type ModelManifest, readGolden, readManifest } from '../model/manifest.ts';
import {
  type MendRequest,
  type ProbeRequest,
  RETIRED_EXIT,
  type ScoreRequest,
  type ScorerSetup,
  StateLostError,
  type StateRequest,
  type ThreadUsage,
  type WorkerData,
  type WorkerRequest,
  type WorkerResponse,
} from '../worker-protocol/messages.ts';
import { Growth } from './growth.ts';
import { mend } from './mend.ts';
import { modelReader } from './model-reader.ts';
import { ModelBrokenError } from './our-fault.ts';
import { Pipeline } from './pipeline.ts';
import { offsetsIn } from './record-offsets.ts';
import type { LaneStates } from './states/lane-states.ts';
import { manageState } from './states/manage-state.ts';
import { UsageReporter } from './usage-reporter.ts';
import { AvroResultWriter } from './write/avro-results.ts';
import { type ResultEncoder, ResultWriter } from './write/result-writer.ts';

interface Loaded {
  readonly pipeline: Pipeline;
  readonly states: LaneStates | null;
  readonly probe: () => void;
  readonly usage: UsageReporter;
  /** Asks the registry for a writer's schema. Rejects with `RegistryError`. */
  readonly learn: (id: SchemaId) => Promise<void>;
  readonly mend: (request: MendRequest) => WorkerResponse;
  /** Before a task: forgets schemas beyond the limit. */
  readonly trim: () => void;
}

async function load(setup: ScorerSetup): Promise<Loaded> {
  const manifest = readManifest(setup.modelFolder);
  const golden = readGolden(manifest);
  const predictor = await loadPredictor(setup.backend, manifest);
  const probe = (): void => {
    try {
      checkGolden(manifest, golden, predictor);
    } catch (error) {
      throw new ModelBrokenError((error as Error).message, { cause: error });
    }
  };
  probe();
  const { name, version } = manifest;
  const { reader, states, avro } = modelReader(manifest, setup);
  const writer = writerOf(manifest, golden, setup);
  const pipeline = new Pipeline({
    setup,
    reader,
    writer,
    predictor,
    states,
    model: { name, version },
    probe,
  });
  return {
    pipeline,
    states,
    probe,
    usage: new UsageReporter(predictor.tensorCount, () => states?.bytes ?? 0),
    learn: learner(setup, avro),
    mend: (request) => ({ type: 'mended', mended: mend(request, setup, { name, version }, Date.now()) }),
    trim: () => avro?.trim(),
  };
}

function writerOf(
  manifest: ModelManifest,
  golden: readonly GoldenRecord[],
  { inputFormat, resultFormat, resultFrame, idPaths, features }: ScorerSetup,
): ResultEncoder {
  const { name: model, version } = manifest;
  if (resultFormat === 'avro') {
    const shape = { idPaths, outputs: avroOutputs(manifest, golden, features) };
    return new AvroResultWriter({ ...shape, model, version }, resultFrame);
  }
  const outputs = features ? [...manifest.outputs, FEATURES] : manifest.outputs;
  return new ResultWriter({ inputFormat, format: resultFormat, idPaths, outputs, model, version });
}

function learner({ avro: options }: ScorerSetup, avro: AvroReader | null): Loaded['learn'] {
  const registry = options?.registry ?? null;
  return async (id) => {
    if (registry === null)
      avro?.learn(id, new SchemaError(`schema ${id} is not known: no registry.url is set`));
    else avro?.learn(id, await waited(waitMsMax(registry), new SchemaRegistry(registry).schema(id)));
  };
}

/** The deadlines of tasks do not run meanwhile. */
async function waited<T>(msMax: number, answer: Promise<T>): Promise<T> {
  const started = performance.now();
  Atomics.add(waitedMs, 0, msMax);
  try {
    return await answer;
  } finally {
    Atomics.add(waitedMs, 0, Math.ceil(performance.now() - started) - msMax);
  }
}

const { setup, waitedMs } = workerData as WorkerData;
const { growth, inflatedBytesMax } = setup;
const { pipeline, states, probe, usage, learn, trim, mend: mended } = await load(setup);
const grown = new Growth({
  limits: growth,
  collected: () => usage.collectedBytes(),
  nowMs: () => performance.now(),
});
let retiring: string | null = null;

function checkGrowth(now: ThreadUsage | null, { state, first }: ScoreRequest): string | null {
  if (now === null) return null;
  retiring = grown.check(now, state !== null && first < state.scoreFrom);
  return retiring;
}

export default function answer(request: WorkerRequest): WorkerResponse | Promise<WorkerResponse> {
  if (retiring !== null) process.exit(RETIRED_EXIT);
  trim();
  const response = attempt(request);
  return turnToFree()?.then(() => response) ?? response;
}

function attempt(request: WorkerRequest): WorkerResponse | Promise<WorkerResponse> {
  try {
    if (request.type === 'offsets') return { type: 'offsets', offsets: offsetsIn(request, inflatedBytesMax) };
    if (request.type !== 'score') return manage(request);
    const scored = pipeline.score(request);
    const { bytes } = request;
    const buffers = [bytes, ...scored.outputs.map((output) => output.bytes.buffer)];
    const used = usage.take();
    return moved(
      { type: 'scored', scored, bytes, usage: used, retiring: checkGrowth(used, request) },
      buffers,
    );
  } catch (error) {
    // Its spare buffers are the pipeline's by now.
    if (error instanceof SchemaNeededError)
      return learn(error.id).then(() => attempt({ ...request, spares: [] } as WorkerRequest), failed);
    return failed(error);
  }
}

function manage(request: MendRequest | ProbeRequest | StateRequest): WorkerResponse {
  if (request.type === 'probe') {
    probe();
    return { type: 'sound' };
  }
  if (request.type === 'mend') return mended(request);
  if (states === null) throw new StateLostError('the model keeps no state');
  return manageState(states, request);
}

function failed(error: unknown): WorkerResponse {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  return { type: 'failed', code: code ?? 'SCORELANE_SCORER', message, stack: inspect(error) };
}

/** Piscina's way to move buffers that are inside of an answer: what is returned only stands for it. */
const moved = (response: WorkerResponse, buffers: ArrayBuffer[]): WorkerResponse =>
  move({ [transferableSymbol]: buffers, [valueSymbol]: response } as never) as unknown as WorkerResponse;
