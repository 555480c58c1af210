// A model as one thread serves it: its predictor, its reader and its writer, and the pipeline
// through them. Requests to the model are answered here, requests to the thread in `main.ts`.

import { avroOutputs } from '../answers/avro-result-schema.ts';
import { testOfRows } from '../answers/condition.ts';
import { FEATURES } from '../answers/result-names.ts';
import type { AvroReader, SchemaId } from '../codec/avro.ts';
import { SchemaError } from '../codec/avro-schema.ts';
import { SchemaRegistry, waitMsMax } from '../codec/registry.ts';
import { readDistribution } from '../model/distribution.ts';
import { checkGolden } from '../model/golden.ts';
import { loadPredictor } from '../model/load-predictor.ts';
import { type GoldenRecord, type ModelManifest, readGolden, readManifest } from '../model/manifest.ts';
import type { Predictor } from '../model/predictor.ts';
import { asResults, resultFields } from '../model/result-columns.ts';
import { withoutReasons } from '../model/results-spec.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { DriftTold } from '../worker-protocol/drift-told.ts';
import {
  type MendRequest,
  type OffsetsRequest,
  type ScoreRequest,
  type ScorerSetup,
  StateLostError,
  type StateRequest,
  type WorkerResponse,
} from '../worker-protocol/messages.ts';
import type { PredictRequest } from '../worker-protocol/predict.ts';
import { DriftCounter } from './drift-counter.ts';
import { mend } from './mend.ts';
import type { ModelReader, SharedReaders } from './model-reader.ts';
import { ModelBrokenError } from './our-fault.ts';
import { Pipeline } from './pipeline.ts';
import { type GivenOutputs, predictGiven } from './predict/predict-given.ts';
import type { RunningTrial, TriedModel } from './predict/tried-model.ts';
import { offsetsIn } from './record-offsets.ts';
import type { LaneStates } from './states/lane-states.ts';
import { manageState } from './states/manage-state.ts';
import { warmUp } from './warm-up.ts';
import { AvroResultWriter } from './write/avro-results.ts';
import { type ResultEncoder, ResultWriter } from './write/result-writer.ts';

/**
 * Waits for an answer, at most so long. It is no work of the task, so deadlines stand still while
 * it waits.
 */
export type StopTheClock = <T>(msMax: number, answer: Promise<T>) => Promise<T>;

interface Parts {
  readonly setup: ScorerSetup;
  readonly manifest: ModelManifest;
  readonly golden: readonly GoldenRecord[];
  readonly predictor: Predictor;
  readonly reading: ModelReader;
  readonly readers: SharedReaders;
  readonly stopTheClock: StopTheClock;
}

export class LoadedModel {
  readonly #parts: Parts;
  /** As it is tried on rows that were read for another version. */
  readonly tried: TriedModel;
  readonly #pipeline: Pipeline;
  /** Null for a model without windows. */
  readonly #states: LaneStates | null;
  readonly #avro: AvroReader | null;
  readonly #drift: DriftCounter | null;

  private constructor(parts: Parts) {
    this.#parts = parts;
    const { setup, manifest, golden, predictor, reading } = parts;
    const { reader, states, avro } = reading;
    this.#states = states;
    this.#avro = avro;
    const fields = resultFields(manifest, golden);
    this.tried = {
      fields,
      writer: writerOf(manifest, golden, setup),
      routed: setup.routes.map(({ when }) => testOfRows(when, fields)),
      predictor: asResults(predictor, manifest, setup.features, golden),
      probe: () => this.probe(),
    };
    this.#drift = driftOf(manifest, golden, setup);
    const own = { setup, reader, states, model: manifest, drift: this.#drift };
    this.#pipeline = new Pipeline({ ...own, ...this.tried });
  }

  /**
   * Loads the model and checks it. Throws `ModelError`, `BackendMissingError`, `ModelBrokenError`,
   * `SchemaError`.
   */
  static async load(
    setup: ScorerSetup,
    warmUpMs: number,
    { readers, stopTheClock }: Pick<Parts, 'readers' | 'stopTheClock'>,
  ): Promise<LoadedModel> {
    const manifest = manifestFor(setup);
    const golden = readGolden(manifest);
    const reading = readers.acquire(manifest, setup);
    let predictor: Predictor | undefined;
    try {
      predictor = await loadPredictor(setup.backend, manifest);
      const parts = { setup, manifest, golden, predictor, reading, readers, stopTheClock };
      const loaded = new LoadedModel(parts);
      loaded.probe();
      loaded.#warmUp(warmUpMs);
      return loaded;
    } catch (error) {
      predictor?.dispose();
      readers.release(manifest, setup);
      throw error;
    }
  }

  #warmUp(msMax: number): void {
    const { setup, golden } = this.#parts;
    const pipeline = this.#states === null ? this.#pipeline : null;
    const check = (records: readonly GoldenRecord[]): void => this.probe(records);
    warmUp({ golden, setup, pipeline, check, msMax, nowMs: () => performance.now() });
    this.#drift?.forget();
  }

  /** Throws `ModelBrokenError` when the model does not give its golden scores. */
  probe(golden: readonly GoldenRecord[] = this.#parts.golden): void {
    const { manifest, predictor } = this.#parts;
    try {
      checkGolden(manifest, golden, predictor);
    } catch (error) {
      throw new ModelBrokenError((error as Error).message, { cause: error });
    }
  }

  /** Tensors alive in this thread's runtime, of whatever model. */
  get tensorCount(): number {
    return this.#parts.predictor.tensorCount();
  }

  /** What is scored with `Pipeline.score`; it throws what that throws. */
  score(
    request: ScoreRequest,
    trials: readonly RunningTrial[] = [],
    beside: LoadedModel | null = null,
  ): readonly Outcome[] {
    return this.#pipeline.score(request, trials, beside === null ? null : beside.#pipeline);
  }

  /** What there is to tell of distributions. */
  takeDrift(): DriftTold | null {
    return this.#drift?.take(performance.now()) ?? null;
  }

  /** The model's own outputs, without what is derived for results. Throws `ModelBrokenError`. */
  predict(request: PredictRequest): GivenOutputs {
    const { setup, manifest, predictor } = this.#parts;
    const { width } = manifest;
    return predictGiven({ predictor, width, probe: () => this.probe() }, request, setup.predictRecordsMax);
  }

  offsets(request: OffsetsRequest): WorkerResponse {
    return { type: 'offsets', offsets: offsetsIn(request, this.#parts.setup.inflatedBytesMax) };
  }

  mend(request: MendRequest): WorkerResponse {
    const { setup, manifest } = this.#parts;
    return { type: 'mended', mended: mend(request, setup, manifest, Date.now()) };
  }

  /** Throws `StateLostError` for a model that keeps no state. */
  manage(request: StateRequest): WorkerResponse {
    if (this.#states === null) throw new StateLostError('the model keeps no state');
    return manageState(this.#states, request);
  }

  /** Before a task: forgets schemas beyond the limit. */
  trim(): void {
    this.#avro?.trim();
  }

  /** Asks the registry for a writer's schema. Rejects with `RegistryError`. */
  async learn(id: SchemaId): Promise<void> {
    const { setup, stopTheClock } = this.#parts;
    const registry = setup.avro?.registry ?? null;
    const found =
      registry === null
        ? new SchemaError(`schema ${id} is not known: no registry.url is set`)
        : await stopTheClock(waitMsMax(registry), new SchemaRegistry(registry).schema(id));
    this.#avro?.learn(id, found);
  }

  dispose(): void {
    const { predictor, readers, manifest, setup } = this.#parts;
    predictor.dispose();
    readers.release(manifest, setup);
  }
}

function manifestFor({ modelFolder, onlyField }: ScorerSetup): ModelManifest {
  const manifest = readManifest(modelFolder);
  return onlyField === undefined
    ? manifest
    : { ...manifest, results: withoutReasons(manifest.results, onlyField) };
}

function driftOf(
  manifest: ModelManifest,
  golden: readonly GoldenRecord[],
  { driftSampling: sampling = 0 }: ScorerSetup,
): DriftCounter | null {
  const distribution = readDistribution(manifest, golden);
  if (distribution === null || sampling === 0) return null;
  const { version, width } = manifest;
  return new DriftCounter({ version, distribution, sampling, width });
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
  const outputs = resultFields(manifest, golden).map((field) => field.name);
  if (features) outputs.push(FEATURES);
  return new ResultWriter({ inputFormat, format: resultFormat, idPaths, outputs, model, version });
}
