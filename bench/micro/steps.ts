// The steps of a worker's work, each timed alone: nanoseconds a record, a figure a round.

import { SourceHeaders } from '../../src/answers/source-headers.ts';
import { codecs, type Format } from '../../src/codec/codecs.ts';
import { compilePlan } from '../../src/features/plan.ts';
import type { Window } from '../../src/features/window-spec.ts';
import { WindowState } from '../../src/features/window-state.ts';
import { type RawRecordBatch, readHeader } from '../../src/log/record-batch.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { readManifest, statelessInputs } from '../../src/model/manifest.ts';
import type { Backend, Predictor } from '../../src/model/predictor.ts';
import { compileReader } from '../../src/reading/choose-reader.ts';
import { generalReader, type InputReader } from '../../src/reading/input-reader.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import { Pipeline } from '../../src/worker/pipeline.ts';
import { ResultWriter } from '../../src/worker/write/result-writer.ts';
import { VoidRunError } from '../harness/result.ts';
import { forward, mlp } from '../models/mlp.ts';
import { ensureModel } from '../models/repository.ts';
import { featuresOf, Workload } from '../workload.ts';
import { timesBeside } from './beside.ts';

export const RECORDS = 2_048;
export const ROWS = [1, 8, 64, 256, 512, 1_024, 2_048, 4_096];
const INFLATED_BYTES_MAX = 2 ** 26;
const TOLERANCE = 1e-4;

/**
 * What one thread times: fresh, so that its compiled code knows this case alone, as a worker's
 * does.
 */
export type MicroCase =
  | { readonly kind: 'steps'; readonly format: Format; readonly model: string }
  | { readonly kind: 'predict'; readonly model: string; readonly backend: Backend }
  | Whole
  /** The first in turn with the other, which is not timed: a thread that serves two models. */
  | { readonly kind: 'beside'; readonly one: Whole; readonly other: Whole }
  | { readonly kind: 'windows'; readonly keys: number }
  /** One key in two is the same, and so many records of it wait. */
  | { readonly kind: 'waiting'; readonly waiting: number };

/** All that a worker does. */
export interface Whole {
  readonly kind: 'whole';
  readonly format: Format;
  readonly model: string;
  readonly backend: Backend;
}

export interface Timing {
  readonly name: string;
  /** Of state, for each key. */
  readonly bytesPerKey?: number;
  /** Nanoseconds a record, of each round. */
  readonly times: readonly number[];
}

/**
 * Each piece of work runs again and again for `seconds` to warm up, then for each round. Rejects
 * with `VoidRunError`.
 */
export async function timeCase(one: MicroCase, seconds: number, rounds: number): Promise<Timing[]> {
  const timings: Timing[] = [];
  const time: Time = (name, records, work) => {
    spend(seconds, work);
    const times = Array.from({ length: rounds }, () => {
      const spent = spend(seconds, work);
      return (spent.seconds * 1e9) / (spent.times * records);
    });
    timings.push({ name, times });
  };
  if (one.kind === 'steps') timeSteps(one.format, one.model, time);
  else if (one.kind === 'windows') {
    const bytesPerKey = timeWindows(one.keys, time);
    return timings.map((timing) => ({ ...timing, bytesPerKey }));
  } else if (one.kind === 'waiting') timeWaiting(one.waiting, time);
  else if (one.kind === 'predict') timePredict(one.model, await predictorOf(one), time);
  else if (one.kind === 'whole') time(nameOf(one), RECORDS, await wholeTask(one));
  else {
    const [work, other] = [await wholeTask(one.one), await wholeTask(one.other)];
    const name = `${nameOf(one.one)} beside ${one.other.format} ${one.other.model} ${one.other.backend}`;
    timings.push({ name, times: timesBeside(work, other, seconds, rounds).map((each) => each / RECORDS) });
  }
  return timings;
}
const nameOf = ({ format, model, backend }: Whole): string => `whole task ${format} ${model} ${backend}`;

const predictorOf = ({ backend, model }: Pick<Whole, 'backend' | 'model'>): Promise<Predictor> =>
  loadPredictor(backend, readManifest(ensureModel(model)));

const DAY_MS = 86_400_000;
/**
 * What the Fraud Detection Handbook computes of a customer and of a terminal, here all by one key.
 */
const WINDOWS: readonly Window[] = [0, 7].flatMap((delay) =>
  [1, 7, 30].flatMap((days) =>
    (['count', 'mean'] as const).map((name): Window => {
      const of = delay === 0 ? 'amount' : 'fraud';
      const sizes = { sizeMs: days * DAY_MS, hopMs: DAY_MS, panes: days, delayMs: delay * DAY_MS };
      return { function: name, of: name === 'count' ? undefined : of, ...sizes, empty: 0, bound: 1 };
    }),
  ),
);

/** Ten minutes of grace; one record in four comes late by some hundred others. */
function timeWaiting(waiting: number, time: Time): void {
  const [graceMs, keys] = [600_000, 10_007];
  const state = new WindowState(WINDOWS, { graceMs, keysMax: 2 ** 14, pendingMax: 4 * waiting });
  const [hashes, out] = [new Uint32Array(2), new Float64Array(WINDOWS.length)];
  const [values, valueHashes] = [new Float64Array(2), new Uint32Array(2)];
  const stepMs = graceMs / (2 * waiting);
  let count = 0;
  const take = (): void => {
    const key = count % 2 === 0 ? 0 : 1 + ((Math.imul(count, 0x9e3779b1) >>> 0) % keys);
    hashes[0] = Math.imul(key, 0x9e3779b1) >>> 0;
    hashes[1] = Math.imul(key ^ 0x5bd1e995, 0x85ebca6b) >>> 0;
    values[0] = key % 100;
    count++;
    state.observe(
      (count - (count % 4 === 0 ? 100 + (count % 300) : 0)) * stepMs,
      hashes,
      values,
      valueHashes,
      out,
    );
  };
  while (count < 2 * waiting) take();
  time(`windows: ${WINDOWS.length}, ${waiting} of one key waiting`, RECORDS, () => {
    for (let record = 0; record < RECORDS; record++) take();
  });
}

/**
 * Records of keys at random, a thousandth of a key's mean distance apart. Returns the bytes of
 * state for each key.
 */
function timeWindows(keys: number, time: Time): number {
  const options = {
    graceMs: 0,
    keysMax: 2 ** Math.ceil(Math.log2(keys)),
    pendingMax: 1_000,
  } as const;
  const state = new WindowState(WINDOWS, options);
  const [hashes, out] = [new Uint32Array(2), new Float64Array(WINDOWS.length)];
  const values = new Float64Array(2);
  const valueHashes = new Uint32Array(2);
  let nowMs = 0;
  const take = (key: number): void => {
    hashes[0] = Math.imul(key, 0x9e3779b1) >>> 0;
    hashes[1] = Math.imul(key ^ 0x5bd1e995, 0x85ebca6b) >>> 0;
    values[0] = key % 100;
    nowMs += DAY_MS / keys;
    state.observe(nowMs, hashes, values, valueHashes, out);
  };
  for (let key = 0; key < keys; key++) take(key);
  let key = 1;
  time(`windows: ${WINDOWS.length} of ${keys} keys`, RECORDS, () => {
    for (let count = 0; count < RECORDS; count++) {
      key = (Math.imul(key, 1_664_525) + 1_013_904_223) >>> 0;
      take(key % keys);
    }
  });
  if (state.keys !== keys) throw new VoidRunError(`expected ${keys} keys, found ${state.keys}`);
  return state.bytes / keys;
}

/** Times `work`, which does `records` of something. */
type Time = (name: string, records: number, work: () => void) => void;

export const predictName = (model: string, backend: Backend, rows: number): string =>
  `predict ${model} ${backend} ${rows} rows`;

function timePredict(model: string, predictor: Predictor, time: Time): void {
  const { width } = mlp(model);
  const features = new Float32Array(Math.max(...ROWS) * width);
  for (let row = 0; row < Math.max(...ROWS); row++) features.set(featuresOf(row, width), row * width);
  const before = predictor.tensorCount();
  for (const rows of ROWS)
    time(predictName(model, predictor.backend, rows), rows, () => predictor.predict(features, rows));
  if (predictor.tensorCount() !== before) throw new VoidRunError(`${predictor.backend} leaks tensors`);
  checkScore(model, Number(predictor.predict(features, 8)[0]?.[7]), 7);
}

function spend(seconds: number, work: () => void): { readonly times: number; readonly seconds: number } {
  const startedMs = performance.now();
  let times = 0;
  let spentMs: number;
  do {
    work();
    times++;
    spentMs = performance.now() - startedMs;
  } while (spentMs < seconds * 1000);
  return { times, seconds: spentMs / 1000 };
}

function batchOf(format: Format, width: number): RawRecordBatch {
  const workload = new Workload(format, width);
  const writer = new RecordBatchWriter();
  for (let number = 0; number < RECORDS; number++)
    writer.appendRecord(1_000 + number, workload.key(number), workload.value(number));
  const { bytes } = writer.finish();
  return { header: readHeader(bytes), bytes };
}

function checkScore(model: string, score: number, number: number): void {
  const wanted = forward(mlp(model), featuresOf(number, mlp(model).width));
  if (!(Math.abs(score - wanted) <= TOLERANCE))
    throw new VoidRunError(`${model} gives ${score} for record ${number}, not ${wanted}`);
}

function timeSteps(format: Format, model: string, time: Time): void {
  const manifest = readManifest(ensureModel(model));
  const { width } = manifest;
  const batch = batchOf(format, width);
  const features = new Float32Array(RECORDS * width);
  const read = (reader: InputReader): void => {
    const records = openRecordBatch(batch, INFLATED_BYTES_MAX);
    for (let row = 0; records.next(); row++) {
      const { bytes, valueStart, valueEnd, timestampMs } = records;
      const rejection = reader.read(bytes, valueStart, valueEnd, features, row, timestampMs);
      if (rejection !== null) throw new VoidRunError(rejection.message);
    }
  };
  const compiled = compileReader(format, statelessInputs(manifest), ['id']);
  const name = `${format} ${width} features`;
  time(`batch parse and CRC, ${name}`, RECORDS, () => {
    const records = openRecordBatch(batch, INFLATED_BYTES_MAX);
    while (records.next());
  });
  time(`parse and compiled reader, ${name}`, RECORDS, () => read(compiled));
  time(`parse and general reader, ${name}`, RECORDS, () =>
    read(generalReader(codecs[format], compilePlan(statelessInputs(manifest)), ['id'])),
  );
  read(compiled);
  const writer = writerOf(format, manifest);
  const score = [Float32Array.from({ length: RECORDS }, (_, row) => row / RECORDS)];
  const { bytes } = openRecordBatch(batch, INFLATED_BYTES_MAX);
  time(`result encoder, ${name}`, RECORDS, () => {
    for (let row = 0; row < RECORDS; row++) writer.write(compiled, row, bytes, score, row, RECORDS);
  });
  const results = new RecordBatchWriter();
  const headers = new SourceHeaders('transactions', 1, 'AAECAwQFBgcICQoLDA0ODw');
  time(`result batch with headers and CRC, ${name}`, RECORDS, () => {
    for (let row = 0; row < RECORDS; row++) {
      headers.set(row);
      results.append(1_000 + row, bytes, 0, 8, writer.view, 0, writer.end, headers.view, 0, headers.end);
    }
    results.finish();
  });
}

const writerOf = (format: Format, manifest: ReturnType<typeof readManifest>): ResultWriter => {
  const { name: model, version } = manifest;
  const outputs = manifest.outputs.map(({ as }) => as);
  return new ResultWriter({ inputFormat: format, format, idPaths: ['id'], outputs, model, version });
};

/** A task as the worker gets it, through the whole scorer. */
async function wholeTask({ format, model, backend }: Whole): Promise<() => void> {
  const predictor = await predictorOf({ model, backend });
  const manifest = readManifest(ensureModel(model));
  const { name, version } = manifest;
  const batch = batchOf(format, manifest.width);
  const scorer = new Pipeline({
    setup: {
      modelFolder: manifest.folder,
      backend: predictor.backend,
      inputFormat: format,
      avro: null,
      json: { isFramed: false, schemas: [], notFinite: false },
      only: {},
      tombstones: 'deadLetter',
      resultFormat: format,
      idPaths: ['id'],
      results: 'out',
      deadLetters: 'dead',
      routes: [],
      deadLetterDialects: [],
      compression: 'none',
      predictRecordsMax: RECORDS,
      resultBatchBytesMax: 2 ** 19,
      inflatedBytesMax: INFLATED_BYTES_MAX,
      recordBytesMax: INFLATED_BYTES_MAX,
      headersMax: 1000,
      nestingMax: 64,
      features: false,
      job: '',
      resultFrame: new Uint8Array(0),
      tracing: null,
    },
    reader: compileReader(format, statelessInputs(manifest), ['id']),
    writer: writerOf(format, manifest),
    predictor,
    states: null,
    model: { name, version },
    routed: [],
    probe: () => {},
  });
  const bytes = new Uint8Array(batch.bytes);
  let spares: ArrayBuffer[] = [];
  return () => {
    const records = { first: 0, until: RECORDS, byteLength: bytes.byteLength, omit: [] };
    const part = { topic: 'in', partition: 1, ...records, verdict: null, state: null };
    const counts = { input: 4, results: 4, deadLetters: 4 };
    const request = { type: 'score', parts: [part], bytes: bytes.buffer, spares, counts } as const;
    const { scored, outputs } = scorer.score(request)[0] as Outcome;
    spares = outputs.map((output) => output.bytes.buffer);
    if (scored !== RECORDS) throw new VoidRunError(`${scored} of ${RECORDS} records were scored`);
  };
}
