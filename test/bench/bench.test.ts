// What the bench measures with: its records are what they are said to be, its models give their
// reference scores on every backend in JavaScript, and its load source keeps to its schedule
// whatever the receiver does.

import test from 'ava';
import { runOpenLoop } from '../../bench/load/open-loop.ts';
import { forward, mlp } from '../../bench/models/mlp.ts';
import { ensureModel } from '../../bench/models/repository.ts';
import { featuresOf, idOf, VECTORS, Workload } from '../../bench/workload.ts';
import { codecs, FORMATS } from '../../src/codec/codecs.ts';
import type { ResultBatch, Sink } from '../../src/log/ports.ts';
import { readHeader } from '../../src/log/record-batch.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { checkGolden } from '../../src/model/golden.ts';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { readGolden, readManifest } from '../../src/model/manifest.ts';

for (const format of FORMATS) {
  test(`a ${format} record can be made again from its number`, (t) => {
    const workload = new Workload(format, 30);
    for (const number of [0, 7, VECTORS - 1, VECTORS, 123_456_789]) {
      const value = workload.value(number);
      t.deepEqual(codecs[format].decode(value, 0, value.length), {
        id: idOf(number),
        features: [...featuresOf(number, 30)],
      });
      if (format === 'msgpack') t.is(value.length, 182);
    }
  });
}

test('a model of the bench gives its reference scores, computed apart in double precision', async (t) => {
  const manifest = readManifest(ensureModel('mlp-30-64-32-1'));
  const golden = readGolden(manifest);
  for (const backend of ['wasm', 'cpu'] as const) {
    const predictor = await loadPredictor(backend, manifest);
    t.notThrows(() => checkGolden(manifest, golden, predictor));
  }
  const scores = golden.map((_, number) => forward(mlp('mlp-30-64-32-1'), featuresOf(number, 30)));
  t.true(new Set(scores).size === golden.length, 'records have different scores');
  t.deepEqual(
    golden.map(({ outputs }) => outputs.score?.[0]),
    scores,
  );
});

test('a name that is no model of the bench is refused', (t) => {
  for (const name of ['mlp', 'mlp-30', 'mlp-30-64-2', 'mlp-x-1', 'creditcard'])
    t.throws(() => mlp(name), { instanceOf: RangeError });
});

/** Keeps what it is given, and acknowledges nothing until `open` is called. */
function closedSink(partitions: number): {
  readonly sink: Sink;
  readonly given: ResultBatch[];
  open(): void;
} {
  const given: ResultBatch[] = [];
  const gate = Promise.withResolvers<void>();
  const sink: Sink = {
    start: async () => {},
    partitionCount: async () => partitions,
    async produce(batches) {
      given.push(...batches);
      if (given.reduce((sum, { recordCount }) => sum + recordCount, 0) >= 500) gate.resolve();
      await gate.promise;
      return batches;
    },
    stop: async () => {},
  };
  return { sink, given, open: gate.resolve };
}

test('no batch of the load source is too large for a broker, however large its records', async (t) => {
  const { sink, given, open } = closedSink(1);
  open();
  const plan = { topic: 'in', format: 'json' as const, width: 300, first: 0, count: 1_000 };
  await runOpenLoop({ ...plan, recordsPerSecond: Number.POSITIVE_INFINITY }, [sink]);
  t.is(
    given.reduce((sum, { recordCount }) => sum + recordCount, 0),
    1_000,
  );
  t.true(given.every(({ bytes }) => bytes.byteLength < 2 ** 20));
  t.true(given.length > 1);
});

test('an open loop sends every record on time though nothing is acknowledged, stamped with when it was due', async (t) => {
  const { sink, given } = closedSink(3);
  const plan = {
    topic: 'in',
    format: 'msgpack' as const,
    width: 4,
    first: 100,
    count: 500,
    recordsPerSecond: 2_000,
  };
  const { sent } = await runOpenLoop(plan, [sink]);
  t.is(sent, 500);
  const records = given.flatMap(({ bytes }) => {
    const reader = openRecordBatch({ header: readHeader(bytes), bytes }, 2 ** 20);
    const found: { id: string; atMs: number }[] = [];
    while (reader.next()) {
      const { id } = codecs.msgpack.decode(reader.bytes, reader.valueStart, reader.valueEnd) as {
        id: string;
      };
      found.push({ id, atMs: reader.timestampMs });
    }
    return found;
  });
  records.sort((a, b) => (a.id < b.id ? -1 : 1));
  t.deepEqual(
    records.map(({ id }) => id),
    Array.from({ length: 500 }, (_, index) => idOf(100 + index)),
  );
  // 2,000 a second: two records are due in each millisecond, whenever they were really sent.
  const startMs = records[0]?.atMs ?? 0;
  t.true(records.every(({ atMs }, index) => Math.abs(atMs - startMs - index / 2) <= 1));
});
