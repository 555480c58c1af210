// The model of a running job as requests see it.

import { basename } from 'node:path';
import { codecs } from '../codec/codecs.ts';
import type { Config } from '../config/schema.ts';
import { keepsState, type ModelManifest, readGolden, readManifest } from '../model/manifest.ts';
import { own } from '../model/predictor.ts';
import { ValueDecoder } from '../reading/value-decoder.ts';
import { JobRequests } from '../serving/job-requests.ts';
import { RequestRest } from '../serving/rest.ts';
import type { ModelShape, ServedModel } from '../serving/served-model.ts';
import type { Meter } from '../telemetry/meter.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import { deploymentOf, type Pool } from './pools.ts';
import { type LaneParts, servedLanes } from './served-lanes.ts';
import { valueForm } from './value-forms.ts';
import type { WorkerThreads } from './worker-threads.ts';

/** The name of the one input of a model whose files do not name it. */
const UNNAMED = 'features';

export interface ServedParts {
  readonly backend: string;
  readonly pool: Pool;
  /** Worker threads. */
  readonly threads: Pick<WorkerThreads, 'hosts'>;
  readonly lanes: Omit<LaneParts, 'pool'>;
  /** Counts what requests bring, and knows what the stream does. */
  readonly meter: Meter;
}

/** The versions of a job's model that requests may ask. */
export class ServedVersions {
  readonly #config: Config;
  readonly #parts: ServedParts;
  readonly #versions = new Map<string, ServedModel>();
  #now: ServedModel;

  constructor(config: Config, parts: ServedParts, setup: ScorerSetup) {
    this.#config = config;
    this.#parts = parts;
    this.#now = this.#open(setup);
  }

  get now(): ServedModel {
    return this.#now;
  }

  /** Those that are loaded besides. */
  get others(): readonly ServedModel[] {
    return [...this.#versions.values()].filter((served) => served !== this.#now);
  }

  /** Requests may name that version. */
  load(setup: ScorerSetup): void {
    this.#open(setup);
  }

  /** Requests that come from now on are for that version. */
  serve(setup: ScorerSetup): void {
    this.#now = this.#open(setup);
  }

  #open(setup: ScorerSetup): ServedModel {
    const version = basename(setup.modelFolder);
    const served = this.#versions.get(version) ?? servedModel(this.#config, this.#parts, setup);
    this.#versions.set(version, served);
    return served;
  }

  /** What was asked of that version is answered first. */
  async end(version: string): Promise<void> {
    const served = this.#versions.get(version);
    this.#versions.delete(version);
    await served?.requests.end('the version is unloaded');
  }

  async endAll(why: string): Promise<void> {
    await Promise.all([...this.#versions.values()].map(({ requests }) => requests.end(why)));
  }
}

function servedModel(
  config: Config,
  { backend, pool, threads, lanes, meter }: ServedParts,
  setup: ScorerSetup,
): ServedModel {
  const { modelFolder } = setup;
  const { id } = deploymentOf(setup);
  const manifest = readManifest(modelFolder);
  const { input, output, http, scoring, microBatch, deadLetters, limits } = config;
  const requests = new JobRequests({
    pool: () => pool.forRequests(id),
    // One predict call: lanes wait for no more.
    most: { records: Math.min(microBatch.records, scoring.predictRecords), bytes: microBatch.bytes },
    timeoutMs: http.scoreTimeout,
    topic: input.topic,
    deadLetterTopic: deadLetters.topic,
    inflatedBytesMax: limits.inflatedBytes,
    tensors: manifest.tensors,
    ...(config.log !== 'none' && 'placeOf' in pool
      ? { windows: { threads: threads.hosts.length, lanes: servedLanes({ pool, ...lanes }) } }
      : {}),
    onClosed: (records) => meter.flow.requested(records),
    rest: new RequestRest({
      loop: () => performance.eventLoopUtilization(),
      streamed: () => meter.records.scored + meter.records.deadLetters,
    }),
  });
  const decoder = output.format === 'json' ? null : new ValueDecoder(valueForm(config, 'results'));
  const { name, version } = manifest;
  const lacksLog = keepsState(manifest) && config.log === 'none';
  return {
    shape: { name, version, backend, lacksLog, inputFormat: input.format, ...tensorsOf(manifest) },
    requests,
    toJson: decoder === null ? null : (result) => decoded(decoder, result),
  };
}

function tensorsOf(manifest: ModelManifest): Pick<ModelShape, 'inputs' | 'outputs'> {
  const { savedModel, web, onnx } = manifest.artefacts;
  const unnamed = savedModel?.input ?? web?.input ?? onnx?.input ?? UNNAMED;
  const [golden] = readGolden(manifest);
  return {
    inputs: manifest.tensors.map((tensor) => ({ ...tensor, name: tensor.name ?? unnamed })),
    outputs: manifest.outputs.map(({ name, as, type }) => ({
      name,
      type,
      width: own(golden?.outputs, as)?.length ?? 1,
    })),
  };
}

async function decoded(decoder: ValueDecoder, result: Uint8Array): Promise<Uint8Array> {
  const found = await decoder.decode({
    ...{ bytes: result, valueStart: 0, valueEnd: result.byteLength, keyStart: -1, keyEnd: -1 },
    ...{ offset: 0, timestamp: 0, timestampMs: 0, headersStart: 0, headersEnd: 0 },
  });
  if ('why' in found) throw new Error(`a result that cannot be read: ${found.why}`);
  return codecs.json.encode(found.value);
}
