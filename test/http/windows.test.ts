// Records of a model with windows that are scored over HTTP, by real daemons on the embedded log:
// each gets what the stream would write if it came next in its partition, nothing changes by it,
// and whoever does not have its windows says so.

import test, { type ExecutionContext } from 'ava';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import { RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import type { ScoreRequest, WorkerRequest } from '../../src/worker-protocol/messages.ts';
import { errorsIn, textsIn } from '../support/memory-records.ts';
import { type Served, serveOn } from '../support/served.ts';
import { until } from '../support/until.ts';
import { history, windowsModel } from '../support/windows-model.ts';

const PARTITIONS = 4;
const MODEL = windowsModel(
  '\n  - { path: amount, log1p: true }\n  - { window: { function: count, size: 7d } }' +
    '\n  - { window: { function: sum, by: customer, of: amount, size: 1d } }' +
    '\n  - { window: { function: variance, by: customer, of: amount, size: 7d } }' +
    '\n  - { window: { function: last, by: customer, of: amount, size: 7d, count: 3 } }',
  '{ time: at, grace: 1h, ahead: unbounded }',
);
const RECORDS = history(16, 30);
type Given = (typeof RECORDS)[number];

const serve = (broker: MemoryBroker, ...settings: string[]): Promise<Served> =>
  serveOn(
    broker,
    'cards',
    ...MODEL.settings,
    ...['output.ids=id', 'output.features=true', `memory.partitions=${PARTITIONS}`],
    ...settings,
  );

interface Answer {
  readonly result?: { readonly id: number; readonly score: number; readonly features: readonly number[] };
  readonly error?: { readonly stage: string; readonly code: string; readonly message: string };
}

const ask = ({ post }: Served, records: readonly Given[], keys?: readonly unknown[]): Promise<Response> =>
  post(
    '/v1/score/default',
    JSON.stringify({
      records,
      keys: keys ?? records.map(({ customer }) => customer),
      timestamps: records.map(({ at }) => at),
    }),
  );

async function answersOf(answer: Promise<Response>): Promise<readonly Answer[]> {
  const found = await answer;
  const body = (await found.json()) as { readonly answers: readonly Answer[] };
  if (found.status !== 200) throw new Error(`${found.status}: ${JSON.stringify(body)}`);
  return body.answers;
}

/** Writes records as Java's producer would, and waits for all of their answers. */
async function write(
  broker: MemoryBroker,
  records: readonly Given[],
  keys?: readonly string[],
): Promise<void> {
  const answered = (): number => textsIn(broker, PARTITIONS).length + errorsIn(broker, PARTITIONS).length;
  const before = answered();
  records.forEach((record, index) => {
    const key = Buffer.from(keys?.[index] ?? record.customer);
    const writer = new RecordBatchWriter();
    writer.appendRecord(record.at, key, Buffer.from(JSON.stringify(record)));
    broker.append({ topic: 'in', partition: partitionOfKey(key, PARTITIONS), ...writer.finish() });
  });
  await until('the stream to score', () => answered() === before + records.length);
}

/** The result of the stream, as text. */
const resultOf = (broker: MemoryBroker, { id }: Given): string =>
  textsIn(broker, PARTITIONS).findLast((text) => (JSON.parse(text) as { readonly id: number }).id === id) ??
  '';

/** What threads are asked goes by `meet` first, which may wait, or throw. */
function meeting(t: ExecutionContext, meet: (request: WorkerRequest) => Promise<void> | undefined): void {
  const { run } = PiscinaThread.prototype;
  t.teardown(() => {
    PiscinaThread.prototype.run = run;
  });
  PiscinaThread.prototype.run = async function (request, ...more) {
    const met = meet(request);
    if (met !== undefined) await met;
    return run.call(this, request, ...more);
  };
}

const isPeek = (request: WorkerRequest): request is WorkerRequest & ScoreRequest =>
  request.type === 'score' && request.parts.some(({ peeksAt }) => peeksAt !== undefined);

for (const workers of [1, 2])
  test.serial(
    `a record gets what the stream writes when it comes next, to the bit: ${workers} threads`,
    async (t) => {
      const broker = new MemoryBroker();
      const served = await serve(broker, `scoring.workers=${workers}`);
      t.teardown(() => served.stop());
      await write(broker, RECORDS.slice(0, 300));
      for (const record of RECORDS.slice(300, 340)) {
        const [first] = await answersOf(ask(served, [record]));
        const [again] = await answersOf(ask(served, [record]));
        t.deepEqual(again, first, 'to ask changes nothing');
        await write(broker, [record]);
        t.is(JSON.stringify(first?.result), resultOf(broker, record));
      }
      // One of each customer: none of them is before another in the windows.
      const next = [...new Map(RECORDS.slice(340, 420).map((record) => [record.customer, record])).values()];
      const latest = Math.max(...RECORDS.slice(0, 420).map(({ at }) => at));
      const asked = next.map((record) => ({ ...record, at: latest }));
      const answers = await answersOf(ask(served, asked));
      t.is(new Set(asked.map(({ customer }) => partitionOfKey(Buffer.from(customer), PARTITIONS))).size, 4);
      t.deepEqual(
        answers.map(({ result }) => result?.id),
        asked.map(({ id }) => id),
        'answers stand in the order of the records',
      );
      await write(broker, asked);
      t.deepEqual(
        answers.map(({ result }) => JSON.stringify(result)),
        asked.map((record) => resultOf(broker, record)),
      );
    },
  );

test.serial('records that are late, or refused, get what the stream gives them', async (t) => {
  const broker = new MemoryBroker();
  const served = await serve(broker);
  t.teardown(() => served.stop());
  await write(broker, RECORDS.slice(0, 300));
  const [record] = RECORDS as [Given];
  const late = { ...record, at: record.at + 7_200_000, id: 9_000 };
  const [answer] = await answersOf(ask(served, [late]));
  const counted = (): number => served.daemon.meter.windows.late;
  t.is(counted(), 0, 'nothing is counted that is not in the log');
  await write(broker, [late]);
  t.is(counted(), 1);
  t.is(JSON.stringify(answer?.result), resultOf(broker, late));
  for (const [bad, key] of [
    [{ ...record, amount: 'much' as unknown as number }, record.customer],
    [{ ...record, customer: null as unknown as string }, record.customer],
    // The key sends it to a partition that is not that of its customer.
    [record, 'another'],
  ] as const) {
    const [refused] = await answersOf(ask(served, [bad], [key]));
    const before = errorsIn(broker, PARTITIONS).length;
    await write(broker, [bad], [key]);
    t.is(errorsIn(broker, PARTITIONS).length, before + 1);
    t.true(
      errorsIn(broker, PARTITIONS).some((error) => JSON.stringify(error) === JSON.stringify(refused?.error)),
      key,
    );
  }
});

test.serial('where the key does not tell the partition, or is none, 400 says how to say it', async (t) => {
  const broker = new MemoryBroker();
  const served = await serve(broker);
  t.teardown(() => served.stop());
  const [record] = RECORDS as [Given];
  const without = await ask(served, [record, record], ['c', null]);
  t.is(without.status, 400);
  t.regex(await without.text(), /record 1 has no key: in has several partitions.*keys/);
  for (const [keys, says] of [
    [[], /keys: expected one for each of 1 records, found 0/],
    [[7], /keys\[0\]: expected text/],
    [[{ base64: '*' }], /keys\[0\]\.base64: expected text in base64/],
    ['c', /keys: expected a list/],
  ] as const) {
    const { status, text } = await served
      .post('/v1/score/default', JSON.stringify({ records: [record], keys }))
      .then(async (answer) => ({ status: answer.status, text: await answer.text() }));
    t.is(status, 400);
    t.regex(text, says);
  }
  const [named] = await answersOf(ask(served, [record]));
  const base64 = Buffer.from(record.customer).toString('base64');
  t.deepEqual(await answersOf(ask(served, [record], [{ base64 }])), [named]);
});

test.serial(
  'the partition of another instance is 421 with its number, and that instance scores it',
  async (t) => {
    const broker = new MemoryBroker();
    const instances = [await serve(broker), await serve(broker)] as const;
    t.teardown(() => Promise.all(instances.map((each) => each.stop())));
    const lanesOf = ({ daemon }: Served) => [...daemon.driver.state.lanes.values()];
    await until('each to have half of the lanes', () =>
      instances.every((each) => lanesOf(each).length === 2),
    );
    await write(broker, RECORDS.slice(0, 200));
    for (const record of RECORDS.slice(200, 210)) {
      const partition = partitionOfKey(Buffer.from(record.customer), PARTITIONS);
      const isOwned = (each: Served): boolean => lanesOf(each).some((lane) => lane.partition === partition);
      const [owner, other] = isOwned(instances[0]) ? instances : [instances[1], instances[0]];
      const refused = await ask(other, [record]);
      t.is(refused.status, 421);
      const { detail, partitions, topic } = (await refused.json()) as Record<string, unknown>;
      t.deepEqual({ partitions, topic }, { partitions: [partition], topic: 'in' });
      t.regex(String(detail), /partition \d of in: another instance/);
      const answers = await answersOf(ask(owner, [record]));
      await write(broker, [record]);
      t.is(JSON.stringify(answers[0]?.result), resultOf(broker, record));
    }
    const counted = async ({ get }: Served): Promise<number> =>
      Number(/reason="other_instance"\} (\d+)/.exec(await (await get('/metrics')).text())?.[1]);
    await until('the refusals to be counted', async () => {
      // By the Fetch standard a client asks again after 421, once, over a connection of its own.
      return (await counted(instances[0])) + (await counted(instances[1])) === 20;
    });
    // One of them is elsewhere: nothing of the request is scored.
    t.is((await ask(instances[0], RECORDS.slice(0, 100))).status, 421);
  },
);

test.serial('while the windows are built up it is 503 with Retry-After, and no wrong score', async (t) => {
  const broker = new MemoryBroker();
  const first = await serve(broker);
  await write(broker, RECORDS.slice(0, 300));
  const record = RECORDS[300] as Given;
  const wanted = await answersOf(ask(first, [record]));
  await first.stop();
  const gate = Promise.withResolvers<void>();
  meeting(t, (request) => {
    const feeds = request.type === 'score' && request.parts.some(({ state }) => state !== null);
    return feeds ? gate.promise : undefined;
  });
  const second = await serve(broker);
  t.teardown(() => second.stop());
  const refused = await ask(second, [record]);
  t.is(refused.status, 503);
  t.is(refused.headers.get('retry-after'), '5');
  t.regex(await refused.text(), /has not said yet|partition \d of in: its windows are being built up/);
  gate.resolve();
  const found = await until('the windows to be there', async () => {
    const answer = await ask(second, [record]);
    return answer.status === 200 && answer;
  });
  t.deepEqual(((await found.json()) as { answers: unknown }).answers, wanted);
});

test.serial('a lane to which no record comes gets its windows back when a thread was lost', async (t) => {
  const broker = new MemoryBroker();
  const served = await serve(broker);
  t.teardown(() => served.stop());
  await write(broker, RECORDS.slice(0, 300));
  const record = RECORDS[300] as Given;
  const wanted = await answersOf(ask(served, [record]));
  let isDeadly = true;
  meeting(t, (request) => {
    if (!isDeadly || !isPeek(request)) return undefined;
    isDeadly = false;
    throw new Error('the thread has ended');
  });
  const ended = await ask(served, [record]);
  t.is(ended.status, 500);
  t.regex(await ended.text(), /ended while it scored this record: the thread has ended/);
  const found = await until('the windows to be there again', async () => {
    const answer = await ask(served, [record]);
    t.true([200, 503].includes(answer.status));
    return answer.status === 200 && answer;
  });
  t.deepEqual(((await found.json()) as { answers: unknown }).answers, wanted);
  await write(broker, [record]);
  t.is(JSON.stringify(wanted[0]?.result), resultOf(broker, record), 'and the stream goes on');
});

test.serial('others that were in the task of a thread that ended are told to ask again', async (t) => {
  const broker = new MemoryBroker();
  const served = await serve(broker);
  t.teardown(() => served.stop());
  await write(broker, RECORDS.slice(0, 100));
  meeting(t, (request) => {
    if (isPeek(request)) throw new Error('the thread has ended');
    return undefined;
  });
  const several = await ask(served, RECORDS.slice(100, 120));
  t.is(several.status, 503);
  t.regex(await several.text(), /this and other records.*ask again, one by one/);
});

test.serial('a flood of requests stops no lane, and no lane the requests', async (t) => {
  const broker = new MemoryBroker();
  const served = await serve(broker);
  t.teardown(() => served.stop());
  await write(broker, RECORDS.slice(0, 100));
  let isOver = false;
  const flood = Promise.all(
    Array.from({ length: 16 }, async (_, client) => {
      for (let answered = 0; ; answered++) {
        if (isOver) return answered;
        await answersOf(ask(served, [RECORDS[(client + answered) % 100] as Given]));
      }
    }),
  );
  await write(broker, RECORDS.slice(100, 200));
  isOver = true;
  t.true((await flood).every((answered) => answered > 0));
});
