// The image, without a container engine: its instructions run one by one in a folder, and what
// comes out is started as the engine would start it.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { freePort } from '../../tools/broker.ts';
import { buildImage } from '../../tools/image.ts';
import { ensureLinters } from '../../tools/linters.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { ROOT } from '../support/daemon.ts';
import { until } from '../support/until.ts';

test('hadolint has nothing to say about the Dockerfile', async (t) => {
  const linters = await ensureLinters();
  const lint = (text: string) =>
    spawnSync(join(linters, 'hadolint'), ['-'], { input: text, encoding: 'utf8' });
  const own = lint(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  t.is(own.status, 0, own.stdout);
  t.not(lint('FROM node:latest\nRUN cd /app\n').status, 0, 'it does look');
});

test('the image is built, has all backends, becomes healthy and ends in order', async (t) => {
  t.timeout(600_000);
  const said: string[] = [];
  const image = await buildImage({ say: (line) => said.push(line), folder: tempFolder('image') });
  const { folder, workingFolder, entrypoint, healthCheck, user } = image;
  t.is(user, '1000:1000');
  const cwd = join(folder, workingFolder);
  // As in the image, nothing of the clone is there, and the only place to write is temporary.
  const temporary = tempFolder('image-tmp');
  const env = { ...image.environment, PATH: process.env.PATH ?? '', HOME: temporary, TMPDIR: temporary };
  const [program = '', ...words] = entrypoint;
  const doctor = spawnSync(program, [...words, 'doctor'], { cwd, env, encoding: 'utf8' });
  t.is(doctor.status, 0, doctor.stdout + doctor.stderr);
  t.regex(doctor.stdout, /^ok +backend native/m, doctor.stdout);
  t.regex(doctor.stdout, /^ok +backend onnx/m, doctor.stdout);
  const port = await freePort();
  const run = ['run', '--config', 'config/demo.yaml', '--set', `http.listen=127.0.0.1:${port}`];
  const daemon = spawn(program, [...words, ...run], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ended = new Promise<number | null>((resolve) => daemon.once('exit', resolve));
  const [check = '', ...asked] = healthCheck.map((each) => each.replaceAll('8080', String(port)));
  const isHealthy = () => spawnSync(check, asked, { env }).status === 0;
  await until(`the health check to pass:\n${log}`, () => {
    if (daemon.exitCode !== null) throw new Error(log);
    return isHealthy();
  });
  daemon.kill('SIGTERM');
  t.is(await ended, 0, log);
  t.false(isHealthy(), 'the check does look');
});
