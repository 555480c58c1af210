// What requests ask goes from the thread of HTTP to the main thread and back. The two sides are
// joined here by a channel that clones as a thread does.

import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { Problem } from '../../src/http/problem.ts';
import { Room } from '../../src/http/room.ts';
import { type AskedModel, asked } from '../../src/http/serving.ts';
import { AskedJobs } from '../../src/http-thread/asked-jobs.ts';
import { Packer, Unpacker } from '../../src/http-thread/packing.ts';
import type { FromThread, ToldJobs, ToThread } from '../../src/http-thread/protocol.ts';
import { type AnsweringJob, RequestAnswers } from '../../src/http-thread/request-answers.ts';
import { errorOf, toldError } from '../../src/http-thread/told-error.ts';
import { ElsewhereError, RestoringError } from '../../src/serving/errors.ts';
import type { GivenRecord, RecordAnswer } from '../../src/serving/record-answers.ts';
import type { ServedModel } from '../../src/serving/served-model.ts';

type Score = (records: readonly GivenRecord[], isGone: () => boolean) => Promise<readonly RecordAnswer[]>;

const modelThat = (version: string, score: Score): ServedModel => ({
  shape: {
    ...{ name: 'cards', version, backend: 'wasm', inputs: [], outputs: [] },
    ...{ lacksLog: false, inputFormat: 'json' },
  },
  requests: { score } as unknown as ServedModel['requests'],
  toJson: null,
});

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
/** Answers with the version and the value, in its own time. */
const echoes = (version: string): ServedModel =>
  modelThat(version, async (records) =>
    records.map(({ value }) => ({ result: Buffer.from(`${version}:${textOf(value)}`) })),
  );

function joined(first: ServedModel) {
  const jobs = { now: [jobOf(first)] };
  const messages: (FromThread | ToThread)[] = [];
  /** What was told of the jobs when it was asked for. */
  const told: (ToldJobs | null)[] = [];
  const answers = new RequestAnswers(
    () => jobs.now,
    (message, transferList) => {
      messages.push(message);
      const cloned = structuredClone(message, { transfer: [...transferList] });
      if (cloned.type === 'answers' || cloned.type === 'outOfDate') setImmediate(() => thread.take(cloned));
    },
  );
  const thread = new AskedJobs(
    {
      version: '0',
      room: new Room({ recordsMax: 1_000, bytesMax: 1_000_000 }),
      post: (message, transferList = []) => {
        messages.push(message);
        const cloned = structuredClone(message, { transfer: [...transferList] });
        setImmediate(() => {
          if (cloned.type === 'ask') answers.ask(cloned);
          if (cloned.type === 'gone') answers.gone(cloned.ids);
        });
      },
      call: async (_, ...[known]) => {
        const news = structuredClone(answers.news(known as number));
        told.push(news);
        return news as never;
      },
    },
    structuredClone(answers.told()),
  );
  const serve = (model: ServedModel): void => {
    jobs.now = [jobOf(model)];
  };
  return { thread, messages, told, jobs, serve };
}

const jobOf = (model: ServedModel): AnsweringJob => ({ name: 'a', model, why: '', others: [], living: null });
const record = (text: string): GivenRecord => ({ key: null, value: Buffer.from(text), timestampMs: 1 });
const modelIn = (thread: AskedJobs): AskedModel => thread.jobs()[0]?.model as AskedModel;
const never = (): void => {};
const resultsOf = (answers: readonly RecordAnswer[]): readonly string[] =>
  answers.map((answer) => ('result' in answer ? textOf(answer.result) : JSON.stringify(answer)));

test('each request gets the answers to its own records, and what comes in one turn goes as one message', async (t) => {
  const { thread, messages } = joined(echoes('1'));
  const found = await Promise.all(
    [['a'], ['b', 'c'], [''], ['d']].map(async (texts) =>
      resultsOf(await modelIn(thread).score(texts.map(record), never)),
    ),
  );
  t.deepEqual(found, [['1:a'], ['1:b', '1:c'], ['1:'], ['1:d']]);
  t.deepEqual(
    messages.map(({ type }) => type),
    ['ask', 'answers'],
  );
});

test('what was asked of a version that serves no more is asked again, of the one that serves', async (t) => {
  const { thread, serve } = joined(echoes('1'));
  const request = { raw: { socket: { destroyed: false } } } as never;
  serve(echoes('2'));
  const [model, answers] = await asked(
    request,
    thread,
    () => modelIn(thread),
    (of) => of.score([record('a')], never),
  );
  t.deepEqual([model.version, ...resultsOf(answers)], ['2', '2:a']);
});

test('what a request must not do is decided by the jobs as they are now', async (t) => {
  const { thread, serve } = joined(echoes('1'));
  const version = (): ReturnType<typeof asked<string, string>> =>
    asked(
      {} as never,
      thread,
      () => {
        const { version: found } = modelIn(thread);
        if (found !== '2') throw new Problem(404, `no version 2; there is ${found}`);
        return found;
      },
      async (found) => found,
    );
  await t.throwsAsync(version(), { message: 'no version 2; there is 1' });
  serve(echoes('2'));
  t.is((await version())[0], '2');
});

test('a request that is refused costs the main thread no look at all versions, of which there may be many', async (t) => {
  const { thread, told, jobs } = joined(echoes('1'));
  let reads = 0;
  const withVersions = (model: ServedModel): AnsweringJob => ({
    ...jobOf(model),
    living: {
      get told() {
        reads++;
        return null as never;
      },
      look: async () => {},
    },
  });
  const bad = (): Promise<unknown> =>
    asked(
      {} as never,
      thread,
      () => {
        throw new Problem(400, 'expected JSON');
      },
      async () => {},
    );
  jobs.now = [withVersions(echoes('2'))];
  await t.throwsAsync(bad());
  await t.throwsAsync(bad());
  t.deepEqual(
    told.map((each) => each !== null),
    [true, false],
    'what is known already is not told again',
  );
  t.is(reads, 0);
});

test('the main thread knows when nobody waits for an answer any more', async (t) => {
  const scored = Promise.withResolvers<readonly RecordAnswer[]>();
  const gone: (() => boolean)[] = [];
  const { thread, messages } = joined(
    modelThat('1', (_, isGone) => {
      gone.push(isGone);
      return scored.promise;
    }),
  );
  let leave = never;
  const answers = modelIn(thread).score([record('a')], (tell) => {
    leave = tell;
  });
  while (gone.length === 0) await turn();
  t.false(gone[0]?.());
  leave();
  while (!messages.some(({ type }) => type === 'gone')) await turn();
  await turn();
  t.true(gone[0]?.());
  scored.resolve([{ skipped: true }]);
  t.deepEqual(await answers, [{ skipped: true }]);
  leave();
  await turn();
  t.is(messages.filter(({ type }) => type === 'gone').length, 1, 'who has its answer has not gone');
});

test('who goes in the moment of asking is known to have gone', async (t) => {
  const asked: boolean[] = [];
  const { thread, messages } = joined(
    modelThat('1', async (_, isGone) => {
      await turn();
      await turn();
      asked.push(isGone());
      return [{ skipped: true }];
    }),
  );
  const model = modelIn(thread);
  await Promise.all([model.score([record('a')], never), model.score([record('b')], (tell) => tell())]);
  t.deepEqual(asked, [false, true]);
  const types = messages.map(({ type }) => type);
  t.true(types.lastIndexOf('ask') < types.indexOf('gone'), types.join(' '));
});

test('at the end what was asked is answered, and nothing more is asked', async (t) => {
  const scored = Promise.withResolvers<readonly RecordAnswer[]>();
  const { thread } = joined(modelThat('1', () => scored.promise));
  const before = modelIn(thread).score([record('a')], never);
  let hasEnded = false;
  const ended = thread.end().then(() => {
    hasEnded = true;
  });
  const error = await t.throwsAsync(modelIn(thread).score([record('b')], never));
  t.is(error?.name, 'NotServingError');
  t.false(hasEnded);
  scored.resolve([{ skipped: true }]);
  t.deepEqual(await before, [{ skipped: true }]);
  await ended;
});

test('one request that fails costs no other its answer', async (t) => {
  const { thread } = joined(
    modelThat('1', async ([first]) => {
      if (textOf((first as GivenRecord).value) === 'bad') throw new RestoringError('not yet');
      return [{ skipped: true }];
    }),
  );
  const model = modelIn(thread);
  const asks = ['a', 'bad', 'b'].map((text) => model.score([record(text)], never));
  const [before, bad, behind] = await Promise.allSettled(asks);
  t.deepEqual([before?.status, behind?.status], ['fulfilled', 'fulfilled']);
  t.true((bad as PromiseRejectedResult).reason instanceof RestoringError);
});

test('errors that say what is the matter with a request are of their class on the other side', (t) => {
  const elsewhere = errorOf(structuredClone(toldError(new ElsewhereError('in', [1, 2]))));
  t.true(elsewhere instanceof ElsewhereError);
  t.deepEqual((elsewhere as ElsewhereError).partitions, [1, 2]);
  const other = errorOf(
    structuredClone(toldError(Object.assign(new TypeError('x'), { code: 'EADDRINUSE' }))),
  );
  t.deepEqual(
    [other.name, other.message, (other as NodeJS.ErrnoException).code],
    ['TypeError', 'x', 'EADDRINUSE'],
  );
});

test('records and answers come out of the bytes as they were put in', (t) => {
  const bytes = fc.uint8Array({ maxLength: 20 });
  const given = fc.record({
    key: fc.option(bytes),
    value: bytes,
    timestampMs: fc.maxSafeInteger(),
  });
  const answer = fc.oneof(fc.record({ result: bytes }), fc.constant({ skipped: true as const }));
  fc.assert(
    fc.property(fc.array(fc.array(given)), fc.array(fc.array(answer)), (requests, answers) => {
      const asking = new Packer();
      const packed = requests.map((records) => asking.records(records));
      const asked = new Unpacker(asking.bytes());
      t.deepEqual(
        packed.map((records) => asked.records(records)),
        requests,
      );
      const answering = new Packer();
      const told = answers.map((each) => answering.answers(each));
      const got = new Unpacker(answering.bytes());
      t.deepEqual(
        told.map((each) => got.answers(each)),
        answers,
      );
    }),
  );
});
