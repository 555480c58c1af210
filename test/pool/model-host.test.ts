// One thread and its models: they come and go by requests, know nothing of each other, and come
// back when another thread has to take the place of the first.

import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { BufferPool } from '../../src/base/buffer-pool.ts';
import { BACKENDS } from '../../src/model/predictor.ts';
import { ModelHost } from '../../src/pool/model-host.ts';
import { WorkerClient } from '../../src/pool/worker-client.ts';
import { PiscinaThread, ThreadRetiredError } from '../../src/pool/worker-thread.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import type { ScorerSetup } from '../../src/worker-protocol/messages.ts';
import type { ThreadUsage } from '../../src/worker-protocol/thread-usage.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import {
  COUNTS,
  GROWTH,
  MODEL_FOLDER,
  microBatchOf,
  outputsOf,
  setupWith,
  transactions,
} from '../support/model.ts';
import { until } from '../support/until.ts';

const faults = new URL('./fault-worker.ts', import.meta.url);
const values = transactions(5);
const microBatch = (keys: readonly string[] = ['a', 'b', 'c']) =>
  microBatchOf(keys.map((key, index) => ({ key, value: values[index] as Record<string, unknown> })));

function hostOf(t: ExecutionContext, growth = GROWTH) {
  const lost: string[] = [];
  const retired: string[] = [];
  const usages: ThreadUsage[] = [];
  const thread = new PiscinaThread({ deadlineMs: 20_000, growth, workerUrl: faults });
  const host = new ModelHost(thread, { onThreadLost: (why) => lost.push(why) });
  t.teardown(() => host.stop());
  const options = {
    counts: { now: COUNTS },
    onThreadRetired: (why: string) => retired.push(why),
    onUsage: (usage: ThreadUsage) => usages.push(usage),
  };
  const buffers = new BufferPool();
  return {
    host,
    lost,
    retired,
    usages,
    score(deployment: string, keys?: readonly string[]): Promise<Outcome> {
      const given = microBatch(keys);
      const ask = { first: given.first, until: given.next, verdict: null, state: null };
      return new WorkerClient(host, { now: deployment, has: () => true }, options, buffers).score(given, ask);
    },
  };
}

const load = (host: ModelHost, id: string, more: Partial<ScorerSetup> = {}): Promise<void> =>
  host.load({ id, setup: setupWith(more) });

const bytesOf = (outcome: Outcome): string =>
  JSON.stringify(
    outputsOf(outcome).map(({ topic, value }) => [topic, Buffer.from(value ?? []).toString('hex')]),
  );

test('models of all backends share a thread, and each gives the scores that it gives alone', async (t) => {
  const shared = hostOf(t);
  for (const backend of BACKENDS) await load(shared.host, backend, { backend });
  for (const backend of [...BACKENDS, ...BACKENDS.toReversed()]) {
    const alone = hostOf(t);
    await load(alone.host, backend, { backend });
    t.is(bytesOf(await shared.score(backend)), bytesOf(await alone.score(backend)), backend);
  }
});

test('what is asked of one model is answered by it, as it was loaded', async (t) => {
  const { host, score } = hostOf(t);
  await load(host, 'one', { results: 'first' });
  await load(host, 'two', { results: 'second', resultFormat: 'json' });
  const topics = async (id: string) => outputsOf(await score(id)).map(({ topic }) => topic);
  t.deepEqual(await topics('one'), ['first', 'first', 'first']);
  t.deepEqual(await topics('two'), ['second', 'second', 'second']);
  await host.unload('one');
  await t.throwsAsync(score('one'), { code: 'SCORELANE_NOT_LOADED' });
  t.deepEqual(await topics('two'), ['second', 'second', 'second']);
});

test('a model that does not load is refused, and those that the thread has go on', async (t) => {
  const { host, score, lost } = hostOf(t);
  await load(host, 'good');
  await t.throwsAsync(load(host, 'bad', { modelFolder: '/nowhere' }), {
    code: 'SCORELANE_MODEL',
    message: /^\/nowhere\/model\.yaml: expected a file that can be read/,
  });
  t.is((await score('good')).scored, 3);
  await t.throwsAsync(score('bad'), { code: 'SCORELANE_NOT_LOADED' });
  t.deepEqual(lost, []);
});

test('a model whose outputs are others than it says is refused, and leaves no tensor behind', async (t) => {
  const { host, score, usages } = hostOf(t);
  await load(host, 'good');
  const tensors = async (): Promise<number> => {
    const before = usages.length;
    while (usages.length === before) await score('good');
    return usages.at(-1)?.tensors ?? Number.NaN;
  };
  const before = await tensors();
  const modelFolder = tempFolder('outputs');
  cpSync(MODEL_FOLDER, modelFolder, { recursive: true });
  const manifest = join(modelFolder, 'model.yaml');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, text.replace(/^outputs:.*$/m, 'outputs: [nonsense]'));
  for (let each = 0; each < 3; each++)
    await t.throwsAsync(load(host, 'bad', { modelFolder }), { message: /has no output "nonsense"/ });
  t.is(await tensors(), before);
});

test('a thread that dies while it loads another model is told as lost, and gets its models again', async (t) => {
  let heard: (error: Error) => void = () => {};
  let isSilent = false;
  const asked: string[] = [];
  const lost: string[] = [];
  const host = new ModelHost(
    {
      async run({ type, deployment }) {
        asked.push(`${type} ${deployment}`);
        if (isSilent) await new Promise(() => {});
        return { type: 'sound' };
      },
      onError(listener) {
        heard = listener;
      },
      stop: async () => {},
    },
    { onThreadLost: (why) => lost.push(why) },
  );
  await Promise.all([load(host, 'one'), load(host, 'two')]);
  isSilent = true;
  const third = load(host, 'three');
  await Promise.resolve();
  isSilent = false;
  heard(new Error('it died'));
  await t.throwsAsync(third, { code: 'SCORELANE_MODEL', message: 'it died' });
  t.true(lost.length > 0);
  await host.ready;
  t.deepEqual(asked.slice(-2), ['probe one', 'probe two']);
});

test('a model is loaded on a thread that others end again and again', async (t) => {
  let ended = 0;
  const host = new ModelHost(
    {
      async run({ type, deployment }) {
        if (type === 'load' && deployment === 'new' && ended++ < 8) throw new ThreadRetiredError('it ended');
        return { type: 'sound' };
      },
      onError: () => {},
      stop: async () => {},
    },
    { onThreadLost: t.fail },
  );
  await load(host, 'old');
  await load(host, 'new');
  t.is(ended, 9);
});

test('a model that cannot be loaded again does not keep its thread from the others', async (t) => {
  const { host, score, lost } = hostOf(t);
  const modelFolder = tempFolder('gone');
  cpSync(MODEL_FOLDER, modelFolder, { recursive: true });
  await load(host, 'one');
  await load(host, 'gone', { modelFolder });
  rmSync(modelFolder, { recursive: true });
  await t.throwsAsync(
    host.survive(() => score('one', ['exit'])),
    { message: /ended|exit/ },
  );
  await host.ready;
  t.is((await score('one')).scored, 3);
  await t.throwsAsync(score('gone'), { code: 'SCORELANE_NOT_LOADED' });
  t.is(lost.length, 1);
});

test('a thread that has grown too much loads another model in its successor', async (t) => {
  const { host, score, retired } = hostOf(t, { ...GROWTH, tensorsMax: 100 });
  await load(host, 'one');
  while (retired.length === 0) await score('one', ['tensors']);
  await load(host, 'two');
  t.is((await score('one')).scored, 3);
  t.is((await score('two')).scored, 3);
});

test('a thread that was ended begins no other, whoever asks', async (t) => {
  const { host, score, lost } = hostOf(t);
  await load(host, 'one');
  await host.stop();
  await t.throwsAsync(score('one'), { message: 'the thread was ended' });
  host.recover();
  await t.throwsAsync(async () => host.ready, { message: 'the thread was ended' });
  t.deepEqual(lost, []);
});

for (const backend of ['wasm', 'native'] as const) {
  test(`a model that is unloaded leaves no tensor behind: ${backend}`, async (t) => {
    const { host, score, usages } = hostOf(t);
    await load(host, 'stays', { backend });
    const tensors = async (): Promise<number> => {
      const before = usages.length;
      while (usages.length === before) await score('stays');
      return usages.at(-1)?.tensors ?? Number.NaN;
    };
    const before = await tensors();
    for (let round = 0; round < 5; round++) {
      await load(host, 'comes and goes', { backend });
      await score('comes and goes');
      await host.unload('comes and goes');
    }
    t.is(await tensors(), before);
  });
}

test('a thread that dies gets its models again, and those that were unloaded stay away', async (t) => {
  const { host, score, lost } = hostOf(t);
  for (const id of ['one', 'two', 'gone']) await load(host, id);
  await host.unload('gone');
  await t.throwsAsync(host.survive(() => score('one', ['exit'])));
  await host.ready;
  t.is((await score('one')).scored, 3);
  t.is((await score('two')).scored, 3);
  await t.throwsAsync(score('gone'), { code: 'SCORELANE_NOT_LOADED' });
  t.deepEqual(lost, ['worker exited with code: 3'], 'the loss is told once');
});

test.serial('a thread whose successor cannot even begin serves again when one can', async (t) => {
  const { host, score, lost } = hostOf(t);
  await load(host, 'one');
  process.env.SCORELANE_TEST_BEGINS = 'never';
  t.teardown(() => delete process.env.SCORELANE_TEST_BEGINS);
  await t.throwsAsync(host.survive(() => score('one', ['exit'])));
  await until('the successor to fail', () => lost.some((why) => why.includes('it never begins')));
  await t.throwsAsync(async () => host.ready, { any: true, message: 'it never begins' });
  delete process.env.SCORELANE_TEST_BEGINS;
  await host.ready;
  t.is((await score('one')).scored, 3);
});
