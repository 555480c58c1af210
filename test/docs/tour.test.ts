// docs/tour.md, by its own commands: from a clone to a scored record on a real broker, a metric in
// Prometheus, a trace in a collector, a picture of the page, another version of the model after a
// rolling restart, and a third one as shadow, promoted and taken back without one: nothing is lost
// and nothing repeated. Only ports are others.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { freePort } from '../../tools/broker.ts';
import { ensurePrometheus } from '../../tools/prometheus.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { createTopics } from '../../tools/topics.ts';
import { withBrowser } from '../support/browser.ts';
import { ROOT } from '../support/daemon.ts';
import { withBroker } from '../support/kafka.ts';
import { Receiver } from '../support/tracing.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
const browse = withBrowser(test);
const guide = readFileSync(join(ROOT, 'docs', 'tour.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, text]) => text as string,
  );
/** The commands, in the order of the document. */
const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));

/** What a reader has in a terminal. */
class Terminal {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  out = '';

  constructor(command: string, cwd: string, environment: NodeJS.ProcessEnv) {
    const typed = command.replace('npm run scorelane --', `exec '${process.execPath}' src/main.ts`);
    this.child = spawn('/bin/sh', ['-c', typed], { cwd, env: { ...process.env, ...environment } });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.out += text;
      });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** Ctrl-C. */
  interrupt(): Promise<number | null> {
    this.child.kill('SIGINT');
    return this.ended;
  }
}

test('the tour, command by command', async (t) => {
  t.timeout(300_000);
  const [first, second] = [await freePort(), await freePort()];
  const receiver = await Receiver.start();
  const here = (text: string): string =>
    text
      .replaceAll('127.0.0.1:8081', `127.0.0.1:${first}`)
      .replaceAll('127.0.0.1:8082', `127.0.0.1:${second}`)
      .replaceAll('http://127.0.0.1:4318/v1/traces', receiver.endpoint);
  const folder = tempFolder('tour');
  for (const name of ['config', 'native-models', 'src', 'package.json', 'page'])
    symlinkSync(join(ROOT, name), join(folder, name));
  const environment = {
    SCORELANE_KAFKA_BOOTSTRAP_SERVERS: broker().address,
    SCORELANE_MODEL_BACKEND: 'wasm',
  };
  const open: Terminal[] = [];
  const type = (command: string | undefined): Terminal => {
    const terminal = new Terminal(here(command ?? 'false'), folder, environment);
    open.push(terminal);
    return terminal;
  };
  const done = async (command: string | undefined): Promise<string> => {
    const terminal = type(command);
    t.is(await terminal.ended, 0, `${command}\n${terminal.out}`);
    return terminal.out;
  };
  const ready = (port: number): Promise<boolean> =>
    until(
      'it to be ready',
      async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.ok === true,
    );
  t.teardown(async () => {
    for (const { child } of open) child.kill('SIGKILL');
    receiver.stop();
  });

  const [startBroker, produce, copyModel, runA, runB, look, ...ofVersions] = commands;
  const [
    addSecond,
    promoteSecond,
    check,
    lookAgain,
    addThird,
    shadow,
    trial,
    promoteThird,
    rollback,
    list,
    ...last
  ] = ofVersions;
  const [audit, ...more] = last;
  t.is(startBroker, 'npm run broker', 'the broker of the test has its topics');
  t.deepEqual(more, []);
  await createTopics(broker().address, { transactions: 4, scores: 4, 'dead-letters': 4 });
  const load = type(produce);
  await done(copyModel);
  const [a, b] = [type(runA), type(runB)];
  await Promise.all([ready(first), ready(second)]);
  await until('a score', async () => /"version":"1"/.test(await done(look)));

  const { page, complaints } = await browse(`http://127.0.0.1:${first}/`);
  await page.getByText(/ready/i).first().waitFor();
  const picture = await page.screenshot();
  t.is(picture.subarray(1, 4).toString(), 'PNG');
  t.true(picture.length > 10_000);
  t.deepEqual(complaints, []);
  await page.context().close();

  const programs = await ensurePrometheus();
  const config = join(folder, 'prometheus.yaml');
  writeFileSync(config, here(blocks('yaml')[0] ?? ''));
  const address = `127.0.0.1:${await freePort()}`;
  const prometheus = spawn(
    join(programs, 'prometheus'),
    [`--config.file=${config}`, `--storage.tsdb.path=${folder}/metrics`, `--web.listen-address=${address}`],
    { stdio: 'ignore' },
  );
  t.teardown(() => prometheus.kill('SIGKILL'));
  const query = `http://${address}/api/v1/query?query=${encodeURIComponent('count(scorelane_records_scored_total > 0)')}`;
  await until('Prometheus to have both instances', async () =>
    /"value":\[[^\]]*"2"\]/.test((await (await fetch(query).catch(() => null))?.text()) ?? ''),
  );
  await until('a trace', () => receiver.spans.some(({ name }) => name.startsWith('process ')));

  const scoredBy = (version: string): Promise<boolean> =>
    until(`scores of version ${version} alone`, async () => {
      const lines = (await done(lookAgain)).split('\n').filter((line) => line.startsWith('{'));
      return lines.length === 4 && lines.every((line) => line.includes(`"version":"${version}"`));
    });
  await done(addSecond);
  await done(promoteSecond);
  t.regex(await done(check), /run would start/);
  for (const [port, instance, command] of [
    [first, a, runA],
    [second, b, runB],
  ] as const) {
    t.is(await instance.interrupt(), 0, instance.out);
    type(command?.replace('model.version=1', 'model.version=stable'));
    await ready(port);
  }
  await scoredBy('2');
  await done(addThird);
  await done(shadow);
  await until('the shadow to be compared', async () => {
    const terminal = type(trial);
    await terminal.ended;
    return /^scorelane_trial_score_difference\{.*version="3"/m.test(terminal.out);
  });
  await done(promoteThird);
  await scoredBy('3');
  await done(rollback);
  t.regex(await done(list), /stable/);
  await scoredBy('2');
  await load.interrupt();
  await until('all to be committed', async () => {
    const terminal = type(`${audit} --json`);
    return (await terminal.ended) === 0 && /"pending": ?0\b/.test(terminal.out) && terminal.out;
  });
  const { partitions } = JSON.parse(await done(`${audit} --json`)) as {
    readonly partitions: readonly { readonly inputs: number; readonly scoredOnce: number }[];
  };
  t.is(partitions.length, 4);
  for (const { inputs, scoredOnce } of partitions)
    t.is(scoredOnce, inputs, 'none is lost, and none repeated');
});
