// Spans are counted once, and a collector that never ends its answer holds no places for ever.

import test from 'ava';
import { CountedExporter } from '../../src/tracing/export.ts';
import { until } from '../support/until.ts';

type Done = Parameters<CountedExporter['export']>[1];
type Spans = Parameters<CountedExporter['export']>[0];

const spans = Array.from({ length: 512 }) as Spans;

function collector() {
  const asked: Done[] = [];
  return { asked, export: (_: Spans, done: Done) => void asked.push(done), shutdown: async () => {} };
}

test('a request whose answer has no end is given up in time, told, and counted once', async (t) => {
  const slow = collector();
  const told: string[] = [];
  const exporter = new CountedExporter(slow, 20, (why, count) => told.push(`${count}: ${why}`));
  const codes: number[] = [];
  exporter.export(spans, ({ code }) => codes.push(code));
  await until('the request to be given up', () => codes.length > 0);
  t.deepEqual(codes, [1]);
  t.deepEqual(exporter.counts, { exported: 0, dropped: 512 });
  t.deepEqual(told, ['512: no end of the answer within 0.02 s']);
  // Its end comes at last.
  slow.asked[0]?.({ code: 0 });
  t.deepEqual(codes, [1]);
  t.deepEqual(exporter.counts, { exported: 0, dropped: 512 });
});

test('a request that is answered is counted once, whatever comes after', async (t) => {
  const quick = collector();
  const exporter = new CountedExporter(quick, 60_000, () => t.fail());
  exporter.export(spans, ({ code }) => t.is(code, 0));
  quick.asked[0]?.({ code: 0 });
  quick.asked[0]?.({ code: 1 });
  t.deepEqual(exporter.counts, { exported: 512, dropped: 0 });
});
