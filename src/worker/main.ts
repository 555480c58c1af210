// The worker thread's entry. Threads are used because opening, decoding and predicting is nearly
// all of the work: the main thread must stay free to move bytes. Models are loaded and unloaded by
// requests, and one request is answered at a time.

import { inspect } from 'node:util';
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { guardThread } from '../base/uninterrupted.ts';
import { SchemaNeededError } from '../codec/avro.ts';
import { turnToFree } from '../log/compression.ts';
import { outputsOfAll } from '../scoring/outcome.ts';
import {
  isShared,
  type LoadRequest,
  type ModelRequest,
  NotLoadedError,
  RETIRED_EXIT,
  type ScoreRequest,
  type WorkerData,
  type WorkerRequest,
  type WorkerResponse,
} from '../worker-protocol/messages.ts';
import type { PredictRequest } from '../worker-protocol/predict.ts';
import type { ThreadUsage } from '../worker-protocol/thread-usage.ts';
import { Growth } from './growth.ts';
import { LoadedModel } from './loaded-model.ts';
import { SharedReaders } from './model-reader.ts';
import { RunningTrials } from './predict/running-trials.ts';
import { UsageReporter } from './usage-reporter.ts';

const { growth, waitedMs, guard } = workerData as WorkerData;
guardThread(guard);
type AskedModel = WorkerRequest & ModelRequest;
/** By their names. */
const models = new Map<string, LoadedModel>();
const readers = new SharedReaders();
/** From when the first model was loaded. */
let usage: UsageReporter | undefined;
const grown = new Growth({
  limits: growth,
  collected: () => usage?.collectedBytes() ?? 0,
  nowMs: () => performance.now(),
});
const trials = new RunningTrials((deployment) => models.get(deployment)?.tried);
let retiring: string | null = null;

export default function answer(request: WorkerRequest): WorkerResponse | Promise<WorkerResponse> {
  if (retiring !== null) process.exit(RETIRED_EXIT);
  if (request.type === 'load') return load(request).catch(failed);
  if (request.type === 'unload') return unload(request.deployment);
  const model = models.get(request.deployment);
  if (model === undefined)
    return failed(new NotLoadedError(`the model ${request.deployment} is not on this thread`));
  model.trim();
  const response = attempt(model, request);
  return turnToFree()?.then(() => response) ?? response;
}

/** If a model of that name is there already, it is given up when the new one is known to work. */
async function load({
  deployment: id,
  setup,
  warmUpMs,
}: WorkerRequest & LoadRequest): Promise<WorkerResponse> {
  const model = await LoadedModel.load(setup, warmUpMs, { readers, stopTheClock });
  unload(id);
  models.set(id, model);
  usage ??= new UsageReporter(tensorCount, () => readers.stateBytes);
  return { type: 'loaded' };
}

/** After that, growth is measured from what the thread holds now. */
function unload(id: string): WorkerResponse {
  trials.forget(id);
  models.get(id)?.dispose();
  models.delete(id);
  grown.begin();
  return { type: 'unloaded' };
}

/** All models of a thread share one runtime, and each of them counts all of its tensors. */
const tensorCount = (): number => Math.max(0, ...[...models.values()].map((each) => each.tensorCount));

function attempt(model: LoadedModel, request: AskedModel): WorkerResponse | Promise<WorkerResponse> {
  try {
    return perform(model, request);
  } catch (error) {
    // Lanes that share a task do not wait for the schema of one of them: each is asked for alone.
    // The pipeline has taken the spare buffers already.
    if (error instanceof SchemaNeededError && !isShared(request))
      return model
        .learn(error.id)
        .then(() => attempt(model, { ...request, spares: [] } as AskedModel), failed);
    return failed(error);
  }
}

function perform(model: LoadedModel, request: AskedModel): WorkerResponse {
  switch (request.type) {
    case 'score':
      return score(model, request);
    case 'predict':
      return predict(model, request);
    case 'offsets':
      return model.offsets(request);
    case 'mend':
      return model.mend(request);
    case 'probe':
      model.probe();
      return { type: 'sound' };
    default:
      return model.manage(request);
  }
}

function score(model: LoadedModel, request: AskedModel & ScoreRequest): WorkerResponse {
  const { bytes, beside: besideId } = request;
  const beside = besideId === undefined ? null : models.get(besideId);
  if (beside === undefined) return failed(new NotLoadedError(`the model ${besideId} is not on this thread`));
  const outcomes = model.score(request, trials.of(request), beside);
  const buffers = [bytes];
  for (const outcome of outcomes)
    for (const output of outputsOfAll(outcome)) buffers.push(output.bytes.buffer);
  const now = usage?.take() ?? null;
  const used = now === null ? null : { ...now, drift: model.takeDrift() };
  return moved(
    {
      ...{ type: 'scored', outcomes, bytes, usage: used },
      trials: trials.take(request.deployment, performance.now()),
      retiring: checkGrowth(used, isFeeding(request)),
    },
    buffers,
  );
}

function predict(model: LoadedModel, request: PredictRequest): WorkerResponse {
  const started = performance.now();
  const { columns, refused } = model.predict(request);
  const tookMs = performance.now() - started;
  const { cells } = request;
  const used = usage?.take() ?? null;
  return moved(
    { type: 'predicted', columns, refused, tookMs, cells, usage: used, retiring: checkGrowth(used, false) },
    [cells],
  );
}

const isFeeding = ({ parts }: ScoreRequest): boolean =>
  parts.some(({ state, first }) => state !== null && first < state.scoreFrom);

function checkGrowth(now: ThreadUsage | null, isFed: boolean): string | null {
  if (now === null) return null;
  retiring = grown.check(now, isFed);
  return retiring;
}

/** The deadlines of tasks do not run meanwhile. */
async function stopTheClock<T>(msMax: number, answer: Promise<T>): Promise<T> {
  const started = performance.now();
  Atomics.add(waitedMs, 0, msMax);
  try {
    return await answer;
  } finally {
    Atomics.add(waitedMs, 0, Math.ceil(performance.now() - started) - msMax);
  }
}

function failed(error: unknown): WorkerResponse {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  return { type: 'failed', code: code ?? 'SCORELANE_SCORER', message, stack: inspect(error) };
}

/**
 * Piscina's way to move buffers that are inside an answer: the returned object only stands for it.
 */
const moved = (response: WorkerResponse, buffers: ArrayBuffer[]): WorkerResponse =>
  move({ [transferableSymbol]: buffers, [valueSymbol]: response } as never) as unknown as WorkerResponse;
