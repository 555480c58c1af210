// Records that are scored over HTTP, by a real daemon on the embedded log: they get what the stream
// gives, requests that come at one time are scored together, and what cannot be scored is told why.

import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { codecs } from '../../src/codec/codecs.ts';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import { transactions } from '../support/model.ts';
import { type Served, serveModel } from '../support/served.ts';
import { until } from '../support/until.ts';

let served: Served;
test.before(async () => {
  served = await serveModel('creditcard', 'output.ids=id', 'http.bodyBytes=1MiB');
});
test.after.always(() => served?.stop());

interface Answered {
  readonly answers: readonly {
    readonly result?: { readonly id: number; readonly score: number };
    readonly error?: { readonly code: string; readonly message: string };
    readonly skipped?: true;
  }[];
}
const records = transactions(40).map((fields, id) => ({ id, ...fields }));
const path = '/v1/score/default';
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const answersOf = async (answer: Promise<Response>): Promise<Answered['answers']> =>
  ((await (await answer).json()) as Answered).answers;
const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

test('a record gets the result that the stream writes for it, to the bit', async (t) => {
  const values = records.map(json);
  const { results } = await served.stream(values);
  const single = await served.post(path, values[0] as Buffer);
  t.is(single.status, 200);
  t.is(single.headers.get('content-type'), 'application/json; charset=utf-8');
  t.is(
    await single.text(),
    `{"model":"creditcard","version":"1","answers":[{"result":${textOf(results[0])}}]}`,
  );
  const wanted = results.map(textOf);
  const base64 = values.map((value) => value.toString('base64'));
  for (const [body, type] of [
    [json({ records })],
    [json(records)],
    [json({ base64 })],
    [Buffer.from(values.join('\n')), 'application/x-ndjson'],
  ] as const) {
    const answers = await answersOf(served.post(path, body, type));
    t.deepEqual(
      answers.map(({ result }) => String(JSON.stringify(result))),
      wanted,
    );
  }
  const [raw] = await answersOf(served.post(path, values[3] as Buffer, 'application/octet-stream'));
  t.is(JSON.stringify(raw?.result), wanted[3] as string);
});

for (const backend of ['native', 'cpu', 'onnx'] as const)
  test(`on ${backend} too, also when it is scored among others`, async (t) => {
    const other = await serveModel('creditcard', 'output.ids=id', `model.backend=${backend}`);
    t.teardown(() => other.stop());
    const { results } = await other.stream(records.map(json));
    const alone = await Promise.all(records.map((record) => answersOf(other.post(path, json(record)))));
    t.deepEqual(
      alone.map(([answer]) => JSON.stringify(answer?.result)),
      results.map(textOf),
    );
  });

test('a job of msgpack takes JSON, and gives its results as JSON', async (t) => {
  const settings = ['input.format=msgpack', 'output.format=msgpack', 'output.ids=id'];
  const other = await serveModel('creditcard', ...settings);
  t.teardown(() => other.stop());
  const { results } = await other.stream(records.map((record) => codecs.msgpack.encode(record)));
  const answers = await answersOf(other.post(path, json({ records })));
  t.deepEqual(
    answers.map(({ result }) => result as unknown),
    results.map((bytes) => codecs.msgpack.decode(bytes, 0, bytes.byteLength)),
  );
});

test('a bad record costs only itself: it gets the code and the words of its dead letter', async (t) => {
  const [good] = records;
  const bad: object[] = [
    { ...good, V3: undefined },
    { ...good, V4: 'text' },
    { ...good, id: 7 },
  ];
  const answers = await answersOf(served.post(path, json([good, ...bad, good])));
  t.deepEqual(
    answers.map(({ result, error }) => result?.id ?? error?.code),
    [0, 'MISSING_FIELD', 'NOT_A_NUMBER', 7, 0],
  );
  t.regex(answers[1]?.error?.message ?? '', /V3/);
  const { deadLetters } = await served.stream([json(bad[0])]);
  t.is(deadLetters, 1);
});

test('a record that is none of the business of the model is said to be skipped', async (t) => {
  const other = await serveModel('creditcard', 'output.ids=id', 'input.only={"kind": ["card"]}');
  t.teardown(() => other.stop());
  const mixed = records
    .slice(0, 5)
    .map((record, id) => ({ ...record, kind: id % 2 === 0 ? 'card' : 'cash' }));
  const answers = await answersOf(other.post(path, json({ records: [{}, ...mixed] })));
  t.deepEqual(
    answers.map(({ result, skipped }) => result?.id ?? skipped),
    [true, 0, true, 2, true, 4],
  );
});

/** Lets no task begin until it is called. */
function holdThreads(t: ExecutionContext): () => void {
  const { run } = PiscinaThread.prototype;
  const gate = Promise.withResolvers<void>();
  PiscinaThread.prototype.run = async function (...args) {
    await gate.promise;
    return run.apply(this, args);
  };
  t.teardown(() => {
    PiscinaThread.prototype.run = run;
  });
  return gate.resolve;
}

const waitingIn = async ({ get }: Served): Promise<number> =>
  Number(/^scorelane_http_queue_records (\d+)$/m.exec(await (await get('/metrics')).text())?.[1]);

test.serial('64 requests that come while the thread is busy are scored in a few tasks', async (t) => {
  const { requestRecords } = served.daemon.meter.flow;
  const tasks = (): number => requestRecords.counts.reduce((sum, count) => sum + count, 0);
  const [before, recordsBefore] = [tasks(), requestRecords.sum];
  const asked = Array.from({ length: 64 }, (_, index) => records[index % records.length] as object);
  const release = holdThreads(t);
  const answers = asked.map((record) => answersOf(served.post(path, json(record))));
  await until('all to wait', async () => (await waitingIn(served)) === 64);
  release();
  t.deepEqual(
    (await Promise.all(answers)).map(([answer]) => answer?.result?.id),
    asked.map((_, index) => index % records.length),
  );
  t.is(requestRecords.sum - recordsBefore, 64);
  t.true(tasks() - before <= 8, `${tasks() - before} tasks`);
});

test.serial('a flood of requests does not stop the stream, nor the stream the requests', async (t) => {
  const values = records.map(json);
  let isOver = false;
  const ask = async (): Promise<number> => {
    for (let answered = 0; ; answered++) {
      if (isOver) return answered;
      const { status } = await served.post(path, values[answered % values.length] as Buffer);
      if (status !== 200) throw new Error(`answered with ${status}`);
    }
  };
  const flood = Promise.all(Array.from({ length: 32 }, ask));
  for (let round = 0; round < 10; round++) t.is((await served.stream(values)).results.length, values.length);
  isOver = true;
  t.true((await flood).every((answered) => answered > 0));
});

/** How often requests were refused for that reason. */
const refusedFor = async ({ get }: Served, reason: string): Promise<number> =>
  Number(
    new RegExp(`^scorelane_http_rejections_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(
      await (await get('/metrics')).text(),
    )?.[1],
  );

const WRONG: readonly (readonly [what: string, status: number, body: string, says: RegExp, type?: string])[] =
  [
    ['an empty body', 400, '', /expected a record, found an empty body/],
    ['an empty list', 400, '[]', /at least one record/],
    ['no records', 400, '{"records": []}', /at least one record/],
    ['a list that does not end', 400, '[{"V1": 1}', /expected JSON with , or \] at byte 11, found the end/],
    ['a list without commas', 400, '[1 2]', /expected JSON with , or \] at byte 4, found "2"/],
    ['a text that does not end', 400, '["a', /expected JSON with " at byte 4, found the end/],
    ['something behind the list', 400, '[1] 2', /expected JSON with the end at byte 5, found "2"/],
    ['no base64', 400, '{"base64": ["*"]}', /base64\[0\]: expected text in base64/],
    ['too few times', 400, '{"records": [1, 2], "timestamps": [1]}', /one for each of 2 records, found 1/],
    [
      'no times',
      400,
      '{"records": [1], "timestamps": ["now"]}',
      /timestamps: expected a list of whole numbers/,
    ],
    ['another type', 415, 'V1=1', /application\/json or application\/x-ndjson/, 'text/csv'],
    ['too many bytes', 413, `[${'1,'.repeat(600_000)}1]`, /at most 1048576 bytes/],
    ['too many records', 413, `[${'1,'.repeat(20_000)}1]`, /http\.queueRecords/],
  ];
for (const [what, status, body, says, type] of WRONG)
  test(`${what}: ${status}, in words`, async (t) => {
    const answer = await served.post(path, body, type);
    t.is(answer.status, status);
    t.regex(((await answer.json()) as { detail: string }).detail, says);
  });

test('a job that is not there, and one whose model has windows without a log, say what to do', async (t) => {
  const missing = await served.post('/v1/score/other', '{}');
  t.is(missing.status, 404);
  t.regex(await missing.text(), /no job \\"other\\"; there is default/);
  const windows = await serveModel('transactions', 'log=none');
  t.teardown(() => windows.stop());
  const answer = await windows.post(path, '{}');
  t.is(answer.status, 501);
  t.regex(await answer.text(), /has windows.*log: none.*scorelane score/);
});

test.serial('a full queue is 503 with Retry-After, and what is in it is scored', async (t) => {
  const small = await serveModel('creditcard', 'output.ids=id', 'http.queueRecords=100');
  t.teardown(() => small.stop());
  const body = json(records);
  const release = holdThreads(t);
  const taken = [small.post(path, body), small.post(path, body)];
  await until('both to wait', async () => (await waitingIn(small)) === 80);
  const refused = await small.post(path, body);
  t.is(refused.status, 503);
  t.is(refused.headers.get('retry-after'), '1');
  t.regex(await refused.text(), /http\.queueRecords\): ask again later/);
  t.is(await refusedFor(small, 'queue_full'), 1);
  release();
  for (const answer of taken) t.is((await answersOf(answer)).length, 40);
  await until('there to be room again', async () => (await waitingIn(small)) === 0);
  t.is((await answersOf(small.post(path, body))).length, 40);
});

test.serial(
  'a request whose time is over gets 504, and it is not scored, nor is that of a client that went away',
  async (t) => {
    const slow = await serveModel('creditcard', 'http.scoreTimeout=200ms');
    const { requestRecords } = slow.daemon.meter.flow;
    const release = holdThreads(t);
    const first = slow.post(path, json(records[0]));
    await until('the thread to be taken', () => requestRecords.sum === 1);
    const url = new URL(slow.url);
    const socket = connect(Number(url.port), url.hostname);
    const body = json(records[1]);
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await until('the request to wait', async () => (await waitingIn(slow)) === 2);
    socket.destroy();
    const second = slow.post(path, json(records[2]));
    for (const answer of await Promise.all([first, second])) {
      t.is(answer.status, 504);
      t.regex(await answer.text(), /not scored within 200 ms \(http\.scoreTimeout\)/);
    }
    t.is(await refusedFor(slow, 'too_late'), 2);
    release();
    t.is((await slow.post(path, json(records[3]))).status, 200);
    t.is(requestRecords.sum, 2, 'the first, which was begun, and the last');
    await until('the room to be empty', async () => (await waitingIn(slow)) === 0);
    await slow.stop();
  },
);
