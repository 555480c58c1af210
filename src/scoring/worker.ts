// The worker thread's entry. Threads are used because opening, decoding and predicting is nearly all of the work: the
// main thread must stay free to move bytes. Loads the model once, checks it, then answers one request at a time.

import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { AvroReader, SchemaError, SchemaNeededError } from '../codec/avro.ts';
import type { Format } from '../codec/codecs.ts';
import { SchemaRegistry } from '../codec/registry.ts';
import { compilePlan } from '../features/plan.ts';
import { checkGolden } from '../model/golden.ts';
import { loadPredictor } from '../model/load-predictor.ts';
import { readGolden, readManifest, statelessInputs } from '../model/manifest.ts';
import { compileReader } from './compile-reader.ts';
import { generalReader } from './input-reader.ts';
import { RETIRED_EXIT, type ScorerSetup, type WorkerRequest, type WorkerResponse } from './messages.ts';
import { ResultWriter } from './result-writer.ts';
import { ModelBrokenError, Scorer } from './scorer.ts';
import { outgrown, type ThreadUsage, UsageReporter } from './thread-usage.ts';

interface Loaded {
  readonly scorer: Scorer;
  readonly probe: () => void;
  readonly usage: UsageReporter;
  /** Asks the registry for a writer's schema. Rejects with `RegistryError`. */
  readonly learn: (id: number) => Promise<void>;
  /** Before a task: forgets schemas beyond the limit. */
  readonly trim: () => void;
}

async function load(setup: ScorerSetup): Promise<Loaded> {
  const manifest = readManifest(setup.modelFolder);
  const golden = readGolden(manifest);
  const inputs = statelessInputs(manifest);
  const plan = compilePlan(inputs);
  const predictor = await loadPredictor(setup.backend, manifest);
  const probe = (): void => {
    try {
      checkGolden(manifest, golden, plan.fill, predictor);
    } catch (error) {
      throw new ModelBrokenError((error as Error).message, { cause: error });
    }
  };
  probe();
  const { idPaths } = setup;
  const { name, version, outputs } = manifest;
  const avro = setup.avro === null ? null : new AvroReader(setup.avro);
  const reader =
    avro === null
      ? compileReader(setup.inputFormat as Format, inputs, idPaths, setup.nestingMax)
      : generalReader(avro, plan, idPaths, setup.nestingMax);
  const writer = new ResultWriter({
    inputFormat: setup.inputFormat,
    format: setup.resultFormat,
    idPaths,
    outputs,
    model: name,
    version,
  });
  const scorer = new Scorer({ setup, reader, writer, predictor, model: { name, version }, probe });
  return {
    scorer,
    probe,
    usage: new UsageReporter(predictor.tensorCount),
    learn: learner(setup, avro),
    trim: () => avro?.trim(),
  };
}

function learner({ avro: options }: ScorerSetup, avro: AvroReader | null): Loaded['learn'] {
  const registry = options?.registry ?? null;
  return async (id) => {
    if (registry === null)
      avro?.learn(id, new SchemaError(`schema ${id} is not known: no registry.url is set`));
    else avro?.learn(id, await new SchemaRegistry(registry).schema(id));
  };
}

const { growth } = workerData as ScorerSetup;
const { scorer, probe, usage, learn, trim } = await load(workerData as ScorerSetup);
let firstUsage: ThreadUsage | null = null;
let retiring: string | null = null;

function checkGrowth(now: ThreadUsage | null): string | null {
  if (now === null) return null;
  firstUsage ??= now;
  retiring = outgrown(firstUsage, now, growth);
  return retiring;
}

export default function answer(request: WorkerRequest): WorkerResponse | Promise<WorkerResponse> {
  if (retiring !== null) process.exit(RETIRED_EXIT);
  trim();
  return attempt(request);
}

function attempt(request: WorkerRequest): WorkerResponse | Promise<WorkerResponse> {
  try {
    if (request.type === 'probe') {
      probe();
      return { type: 'sound' };
    }
    const scored = scorer.score(request);
    const { bytes } = request;
    const buffers = [bytes, ...scored.outputs.map((output) => output.bytes.buffer)];
    const used = usage.take();
    return moved({ type: 'scored', scored, bytes, usage: used, retiring: checkGrowth(used) }, buffers);
  } catch (error) {
    // Its spare buffers are the scorer's by now.
    if (error instanceof SchemaNeededError)
      return learn(error.id).then(() => attempt({ ...request, spares: [] } as WorkerRequest), failed);
    return failed(error);
  }
}

function failed(error: unknown): WorkerResponse {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  return { type: 'failed', code: code ?? 'SCORELANE_SCORER', message };
}

/** Piscina's way to move buffers that are inside of an answer: what is returned only stands for it. */
const moved = (response: WorkerResponse, buffers: ArrayBuffer[]): WorkerResponse =>
  move({ [transferableSymbol]: buffers, [valueSymbol]: response } as never) as unknown as WorkerResponse;
