// A process that reads its configuration again, told by SIGHUP or over HTTP: what can change live
// does, what cannot is named, and a file that is wrong changes nothing.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program, ROOT } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const TOKEN = 'a-token-of-more-than-sixteen';

/** The demo, in a file that a test may change. */
class Running {
  readonly file = join(tempFolder('reload'), 'scorelane.yaml');
  readonly program: Program;

  constructor(text: string) {
    this.write(text);
    const settings = [
      'model.backend=wasm',
      'scoring.workers=1',
      `model.repository=${join(ROOT, 'native-models')}`,
      'http.listen=127.0.0.1:0',
      `http.adminToken=${TOKEN}`,
      'telemetry.logFormat=json',
    ];
    const words = settings.flatMap((each) => ['--set', each]);
    this.program = new Program(['run', '--config', this.file, ...words]);
  }

  write(text: string): void {
    writeFileSync(this.file, text);
  }

  /** What the log says of it, as objects. */
  said(words: RegExp): Record<string, unknown>[] {
    return this.program.out
      .split('\n')
      .filter((line) => line.startsWith('{') && words.test(line))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async ask(method: string, path: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const [, url = ''] = /http at (http:\S+\d): /.exec(this.program.out) ?? [];
    const answer = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }
}

const DEMO = readFileSync(join(ROOT, 'config', 'demo.yaml'), 'utf8');
const withLines = (...lines: string[]): string => [DEMO, ...lines, ''].join('\n');
const LINGER = 'microBatch: {linger: 70ms}';

test('SIGHUP changes what can change live, names what cannot, and takes nothing from a file that is wrong', async (t) => {
  const running = new Running(DEMO);
  const { program } = running;
  t.teardown(() => program.stop());
  await program.says('"msg":"assigned"');

  running.write(withLines(LINGER, 'telemetry: {logLevel: debug}'));
  program.child.kill('SIGHUP');
  await program.says(/SIGHUP: telemetry.logLevel is .{1,2}debug.{1,2} from now on/);
  t.like(running.said(/microBatch.linger is/)[0], { key: 'microBatch.linger', old: '0', new: '70' });
  await program.says('"msg":"committed"');

  running.write(withLines('microBatch: {linger: soon}', 'telemetry: {logLevel: loud}'));
  program.child.kill('SIGHUP');
  await program.says(/nothing has changed, as the configuration is wrong/);
  const [told] = running.said(/nothing has changed, as/);
  t.regex(
    String(told?.msg),
    /microBatch\.linger: expected .* found "soon"[\s\S]*telemetry\.logLevel: expected/,
  );
  t.is((await running.ask('GET', '/admin/log-level')).body.level, 'debug');

  running.write(
    withLines(LINGER, 'telemetry: {logLevel: info}').replace('topic: scores', 'topic: elsewhere'),
  );
  program.child.kill('SIGHUP');
  await program.says(/output\.topic needs a restart to become .{1,2}elsewhere.{1,2}; it stays .{1,2}scores/);
  t.is((await running.ask('GET', '/admin/log-level')).body.level, 'info');
});

test('a request to /admin/reload answers with what changed, and with all mistakes', async (t) => {
  const running = new Running(DEMO);
  const { program } = running;
  t.teardown(() => program.stop());
  await program.says('"msg":"assigned"');

  running.write(withLines(LINGER, 'lanes: {budget: 128MiB}'));
  t.deepEqual(await running.ask('POST', '/admin/reload'), {
    status: 200,
    body: {
      changed: [{ key: 'microBatch.linger', old: '0', new: '70' }],
      needsRestart: [{ key: 'lanes.budget', old: String(2 ** 28), new: String(2 ** 27) }],
    },
  });
  const { body } = await running.ask('POST', '/admin/jobs/default/dump');
  const dump = readFileSync(String(body.path), 'utf8');
  t.true(dump.includes('"type":"retune"'), 'the engine was told: a replay is told too');

  running.write(withLines('microBatch: {linger: soon}', 'lanes: {retry: never}'));
  const refused = await running.ask('POST', '/admin/reload');
  t.is(refused.status, 400);
  const mistakes = refused.body.mistakes as string[];
  t.is(mistakes.length, 2);
  t.regex(mistakes[0] ?? '', /microBatch\.linger/);
  t.regex(mistakes[1] ?? '', /lanes\.retry/);

  running.write('');
  t.is((await running.ask('POST', '/admin/reload')).status, 400);
  await until('what was wrong to have changed nothing', () => program.child.exitCode === null);
});

test('the log level of jobs follows too, and each job its own keys', async (t) => {
  const job = (name: string, more = ''): string =>
    `  ${name}: {input: {topic: ${name}-in}, output: {topic: ${name}-out}, deadLetters: {topic: ${name}-dead}${more}}`;
  const top = DEMO.replace(/^(input|output|deadLetters):(\n .*)*\n/gm, '').replace(
    /^(input|output|deadLetters):.*\n/gm,
    '',
  );
  const two = (more: string, ...lines: string[]): string =>
    [top, ...lines, 'jobs:', job('one', more), job('two'), ''].join('\n');
  const running = new Running(two(''));
  const { program } = running;
  t.teardown(() => program.stop());
  await until('both jobs', () => running.said(/"msg":"assigned"/).length === 2);
  running.write(two(', latency: {target: 90ms}', 'telemetry: {logLevel: debug}'));
  program.child.kill('SIGHUP');
  await program.says(/jobs\.one\.latency\.target is 90 from now on/);
  await until('both jobs to log commits', () =>
    ['one', 'two'].every((name) => running.said(/"msg":"committed"/).some((line) => line.job === name)),
  );
  t.pass();
});
