// Traces of a daemon on a real broker: a receiver of OTLP gets spans by the conventions for
// messaging, results continue the traces of their records, and a collector that is away costs
// nothing but spans.

import { type AddressInfo, createServer, type Socket } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import { codecs } from '../../src/codec/codecs.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { encodeHeaders, RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { allCommitted, type Job, newJob, type Program, produce, startDaemon } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { transactions } from '../support/model.ts';
import { recordsOf } from '../support/topic.ts';
import { Receiver } from '../support/tracing.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
const WASM = ['model.backend=wasm', 'scoring.workers=1', 'http.listen=127.0.0.1:0'];
const TRACE = (index: number): string => (index + 1).toString(16).padStart(32, 'a');
const SPAN = 'b7ad6b7169203331';

/** Two records of a sampled trace, one of a trace that is not, one without, and a bad one. */
async function sendTraced(job: Job): Promise<void> {
  const settings = settingsFor(job.address);
  const sink = new KafkaSink(kafkaFor(settings), settings);
  await sink.start();
  const writer = new RecordBatchWriter();
  const values = [
    ...transactions(4).map((value) => codecs.msgpack.encode(value).slice()),
    Uint8Array.of(0xc1),
  ];
  values.forEach((value, index) => {
    const flags = ['01', '01', '00', null, '01'][index] ?? null;
    const headers =
      flags === null
        ? []
        : [
            { key: 'traceparent', value: Buffer.from(`00-${TRACE(index)}-${SPAN}-${flags}`) },
            { key: 'tracestate', value: Buffer.from(`seen=${index}`) },
          ];
    writer.appendRecord(1_700_000_000_000, Buffer.from(`k${index}`), value, encodeHeaders(headers));
  });
  await sink.produce([{ topic: job.input, partition: 0, ...writer.finish() }]);
  await sink.stop();
}

test('spans of a micro-batch, its stages and its records reach a collector, and results continue the traces', async (t) => {
  const receiver = await Receiver.start();
  t.teardown(() => receiver.stop());
  const job = await newJob(broker().address, [...WASM, 'tracing.sampling=1'], 1);
  await sendTraced(job);
  const daemon = await startDaemon(job, [`tracing.endpoint=${receiver.endpoint}`], [], {
    SCORELANE_TRACING_HEADERS: 'x-team=fraud,authorization=Bearer%20canary',
    OTEL_SERVICE_NAME: 'fraud-scores',
  });
  await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
  const { out } = await daemon.stop();

  t.like(receiver.requests[0], { url: '/v1/traces' });
  t.like(receiver.requests[0]?.headers, { 'x-team': 'fraud', authorization: 'Bearer canary' });
  t.false(out.includes('canary'), 'headers are secret');

  const [process] = receiver.named(`process ${job.input}`);
  t.is(receiver.named(`process ${job.input}`).length, 1);
  t.is(process?.kind, 5, 'consumer');
  t.like(process?.attributes, {
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': job.input,
    'messaging.destination.partition.id': '0',
    'messaging.consumer.group.name': job.group,
    'messaging.batch.message_count': 5,
    'scorelane.offset.first': 0,
    'scorelane.offset.next': 5,
    'scorelane.dead_letters': 1,
  });
  t.like(process?.resource, { 'service.name': 'fraud-scores' });
  t.deepEqual(
    process?.links.map(({ traceId, spanId, traceState, attributes }) => [
      traceId,
      spanId,
      traceState,
      attributes['messaging.kafka.offset'],
    ]),
    [
      [TRACE(0), SPAN, 'seen=0', 0],
      [TRACE(1), SPAN, 'seen=1', 1],
      [TRACE(4), SPAN, 'seen=4', 4],
    ],
  );
  for (const name of ['queue', 'decode', 'predict', 'encode']) {
    const [stage] = receiver.named(name);
    t.is(stage?.parentId, process?.spanId, name);
    t.true(
      (stage?.startMs ?? 0) >= (process?.startMs ?? 0) && (stage?.endMs ?? 0) <= (process?.endMs ?? 0),
      name,
    );
    t.true((stage?.endMs ?? 0) >= (stage?.startMs ?? 0), name);
  }

  const [sent] = receiver.named(`send ${job.results}`);
  t.is(sent?.parentId, process?.spanId);
  t.is(sent?.attributes['messaging.batch.message_count'], 4);
  t.is(receiver.named(`send ${job.deadLetters}`)[0]?.links.length, 1);
  const created = receiver.named(`create ${job.results}`);
  t.deepEqual(
    created.map(({ traceId, parentId, kind, links }) => [traceId, parentId, kind, links[0]?.spanId]),
    [0, 1].map((index) => [TRACE(index), SPAN, 4, process?.spanId]),
  );
  t.deepEqual(
    sent?.links.map(({ spanId }) => spanId),
    created.map(({ spanId }) => spanId),
  );
  const [dead] = receiver.named(`create ${job.deadLetters}`);
  t.like(dead, { traceId: TRACE(4), parentId: SPAN, isError: true });
  t.is(dead?.attributes['error.type'], 'UNDECODABLE');

  const headers = (await recordsOf(job.address, job.results)).map((each) => Object.fromEntries(each.headers));
  t.deepEqual(
    headers.map(({ traceparent, tracestate }) => [traceparent, tracestate]),
    [
      ...[0, 1].map((index) => [`00-${TRACE(index)}-${created[index]?.spanId}-01`, `seen=${index}`]),
      [`00-${TRACE(2)}-${SPAN}-00`, 'seen=2'],
      [undefined, undefined],
    ],
  );
  const [letter] = await recordsOf(job.address, job.deadLetters);
  t.is(Object.fromEntries(letter?.headers ?? []).traceparent, `00-${TRACE(4)}-${SPAN}-01`);
});

test('with tracing off nothing is sent, and results are as ever', async (t) => {
  const job = await newJob(broker().address, WASM, 1);
  await sendTraced(job);
  const daemon = await startDaemon(job);
  await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
  await daemon.stop();
  for (const { headers } of await recordsOf(job.address, job.results))
    t.deepEqual(
      headers.map(([key]) => key.startsWith('__scorelane.source.')),
      headers.map(() => true),
    );
});

test('a collector that is away, or takes and never answers, costs spans alone: all is scored, counted and told', async (t) => {
  const open = new Set<Socket>();
  const silent = createServer((socket) => open.add(socket));
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    silent.close();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const endpoints = {
    away: 'http://127.0.0.1:1/v1/traces',
    silent: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1/traces`,
  };
  const tried = Object.entries(endpoints).map(async ([what, endpoint]) => {
    const settings = [...WASM, 'tracing.sampling=1', `tracing.endpoint=${endpoint}`];
    const job = await newJob(broker().address, settings, 2);
    await produce(job, 5_000, '--rate', 'max');
    const daemon = await startDaemon(job);
    await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
    if (what === 'away') await counted(daemon);
    const askedMs = performance.now();
    const { code, out } = await daemon.stop();
    t.is(code, 0, out);
    t.true(performance.now() - askedMs < 8_000, `${what}: the stop does not wait for a collector`);
    t.is((await recordsOf(job.address, job.results)).length, 5_000, what);
  });
  await Promise.all(tried);
});

/** Until lost spans stand in the metrics and in the log. */
async function counted(daemon: Program): Promise<void> {
  const [, url = ''] = /http at (http:\S+\d): /.exec(daemon.out) ?? [];
  await until('lost spans in the metrics', async () =>
    /scorelane_trace_spans_total\{result="dropped"\} [1-9]/.test(
      await (await fetch(`${url}/metrics`)).text(),
    ),
  );
  await daemon.says(/tracing: \S+ did not take \d+ spans.*ECONNREFUSED/);
}
