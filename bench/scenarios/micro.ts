// The steps of a worker's work, each alone, one thread: nanoseconds a record.

import { codecs, type Format } from '../../src/codec/codecs.ts';
import { compilePlan } from '../../src/features/plan.ts';
import { type RawRecordBatch, readHeader } from '../../src/log/record-batch.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { readManifest } from '../../src/model/manifest.ts';
import { compileReader } from '../../src/scoring/compile-reader.ts';
import { generalReader, type InputReader } from '../../src/scoring/input-reader.ts';
import { ResultWriter } from '../../src/scoring/result-writer.ts';
import { Scorer } from '../../src/scoring/scorer.ts';
import { SourceHeaders } from '../../src/scoring/source-headers.ts';
import type { Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import { type Series, VoidRunError } from '../harness/result.ts';
import { median } from '../harness/statistics.ts';
import { forward, mlp } from '../models/mlp.ts';
import { ensureModel } from '../models/repository.ts';
import { featuresOf, Workload } from '../workload.ts';

const RECORDS = 2_048;
const ROWS = [1, 8, 64, 256, 512, 1_024, 2_048, 4_096];
const INFLATED_BYTES_MAX = 2 ** 26;
const TOLERANCE = 1e-4;

export const micro: Scenario = {
  name: 'micro',
  measures:
    'ns a record of each step on the hot path: batch parse, readers, encoder, batch writer, predict by rows, all',
  config: 'micro.yaml',
  needsLog: false,
  defaults: {
    seconds: 0.5,
    rounds: 5,
    formats: ['msgpack', 'json'],
    models: ['mlp-30-64-32-1', 'mlp-300-64-32-1'],
    backends: ['wasm', 'native'],
  },
  async run(bench) {
    const { options, say } = bench;
    const runs = new Runs();
    const predicted: Series[] = [];
    /** Runs `work` again and again, a while to warm up and then for each round; `work` does `records` of them. */
    const time = (name: string, records: number, work: () => void): void => {
      spend(options.seconds, work);
      for (let round = 0; round < options.rounds; round++) {
        const { times, seconds } = spend(options.seconds, work);
        runs.add(name, { time: (seconds * 1e9) / (times * records) });
      }
      say(`${name}: ${Math.round(median(runs.figures(name, 'time')))} ns`);
    };
    for (const format of options.formats) {
      for (const model of options.models) timeSteps(format, model, time);
    }
    for (const model of options.models) {
      for (const backend of options.backends) {
        const manifest = readManifest(ensureModel(model));
        const predictor = await loadPredictor(backend, manifest);
        const features = new Float32Array(Math.max(...ROWS) * manifest.width);
        for (let row = 0; row < Math.max(...ROWS); row++)
          features.set(featuresOf(row, manifest.width), row * manifest.width);
        const before = predictor.tensorCount();
        for (const rows of ROWS)
          time(`predict ${model} ${backend} ${rows} rows`, rows, () => predictor.predict(features, rows));
        if (predictor.tensorCount() !== before) throw new VoidRunError(`${backend} leaks tensors`);
        checkScore(model, predictor.predict(features, 8)[0]?.[7] ?? Number.NaN, 7);
        predicted.push({
          name: `${model} ${backend}`,
          points: ROWS.map((rows) => [
            rows,
            median(runs.figures(`predict ${model} ${backend} ${rows} rows`, 'time')),
          ]),
        });
        for (const format of options.formats) {
          const task = wholeTask(format, model, predictor);
          time(`whole task ${format} ${model} ${backend}`, RECORDS, task);
        }
      }
    }
    return {
      metrics: [{ name: 'time', unit: 'ns/record', better: 'lower', digits: 0 }],
      runs: runs.all,
      plots: [
        {
          title: 'One predict call by its rows',
          x: 'rows',
          y: 'ns a row',
          kind: 'logarithmic',
          series: predicted,
        },
        {
          title: 'Steps, ns a record',
          x: '',
          y: 'ns',
          kind: 'bars',
          series: [
            {
              name: 'ns',
              points: runs.all
                .filter(({ name }) => !name.startsWith('predict'))
                .map(({ name, figures }) => [name, median(figures.time ?? [])] as const),
            },
          ],
        },
      ],
      goals: [],
      notes: [
        `Batches of ${RECORDS} records. "whole task" is all that a worker does for one. The general readers decode objects: the fallback.`,
        'Tune: scoring.predictRecords where the predict curve is flat; model.backend where it is lowest.',
      ],
    };
  },
};

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

function timeSteps(
  format: Format,
  model: string,
  time: (name: string, records: number, work: () => void) => void,
): void {
  const manifest = readManifest(ensureModel(model));
  const { width } = manifest;
  const batch = batchOf(format, width);
  const features = new Float32Array(RECORDS * width);
  const read = (reader: InputReader): void => {
    const records = openRecordBatch(batch, INFLATED_BYTES_MAX);
    for (let row = 0; records.next(); row++) {
      const rejection = reader.read(records.bytes, records.valueStart, records.valueEnd, features, row);
      if (rejection !== null) throw new VoidRunError(rejection.message);
    }
  };
  const compiled = compileReader(format, manifest.inputs, ['id']);
  const name = `${format} ${width} features`;
  time(`batch parse and CRC, ${name}`, RECORDS, () => {
    const records = openRecordBatch(batch, INFLATED_BYTES_MAX);
    while (records.next());
  });
  time(`parse and compiled reader, ${name}`, RECORDS, () => read(compiled));
  time(`parse and general reader, ${name}`, RECORDS, () =>
    read(generalReader(codecs[format], compilePlan(manifest.inputs), ['id'])),
  );
  read(compiled);
  const writer = writerOf(format, manifest);
  const score = [Float32Array.from({ length: RECORDS }, (_, row) => row / RECORDS)];
  const { bytes } = openRecordBatch(batch, INFLATED_BYTES_MAX);
  time(`result encoder, ${name}`, RECORDS, () => {
    for (let row = 0; row < RECORDS; row++) writer.write(compiled, row, bytes, score, row, RECORDS);
  });
  const results = new RecordBatchWriter();
  const headers = new SourceHeaders('transactions', 1);
  time(`result batch with headers and CRC, ${name}`, RECORDS, () => {
    for (let row = 0; row < RECORDS; row++) {
      headers.set(row);
      results.append(1_000 + row, bytes, 0, 8, writer.view, 0, writer.end, headers.view, 0, headers.end);
    }
    results.finish();
  });
}

const writerOf = (
  format: Format,
  { name, outputs, version }: ReturnType<typeof readManifest>,
): ResultWriter =>
  new ResultWriter({ inputFormat: format, format, idPaths: ['id'], outputs, model: name, version });

/** A task as the worker gets it, through the whole scorer. */
function wholeTask(
  format: Format,
  model: string,
  predictor: Awaited<ReturnType<typeof loadPredictor>>,
): () => void {
  const manifest = readManifest(ensureModel(model));
  const { name, version } = manifest;
  const batch = batchOf(format, manifest.width);
  const outputs = (topic: string) => ({ topic, partitionCount: 4 });
  const scorer = new Scorer({
    setup: {
      modelFolder: manifest.folder,
      backend: predictor.backend,
      inputFormat: format,
      inputPartitionCount: 4,
      resultFormat: format,
      idPaths: ['id'],
      results: outputs('out'),
      deadLetters: outputs('dead'),
      compression: 'none',
      predictRecordsMax: RECORDS,
      resultBatchBytesMax: 2 ** 19,
      inflatedBytesMax: INFLATED_BYTES_MAX,
    },
    reader: compileReader(format, manifest.inputs, ['id']),
    writer: writerOf(format, manifest),
    predictor,
    model: { name, version },
    probe: () => {},
  });
  const bytes = new Uint8Array(batch.bytes);
  let spares: ArrayBuffer[] = [];
  return () => {
    const { scored, outputs } = scorer.score({
      type: 'score',
      topic: 'in',
      partition: 1,
      first: 0,
      until: RECORDS,
      bytes: bytes.buffer,
      byteLength: bytes.byteLength,
      spares,
      verdict: null,
    });
    spares = outputs.map((output) => output.bytes.buffer);
    if (scored !== RECORDS) throw new VoidRunError(`${scored} of ${RECORDS} records were scored`);
  };
}
