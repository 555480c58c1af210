// `npm run screenshots`: the pictures of the page in docs/images/. A real daemon scores in the
// embedded log, under a load that changes and with some spoilt records; Chromium shows its page.

import { join } from 'node:path';
import { Command } from 'commander';
import { pino } from 'pino';
import { chromium } from 'playwright-core';
import { loadFor } from '../src/commands/generated.ts';
import { loadConfig, theJob } from '../src/config/load.ts';
import { writingCodec } from '../src/daemon/configured-model.ts';
import { Daemon } from '../src/daemon/daemon.ts';
import { newJob } from '../src/daemon/running-job.ts';
import { serveHttp } from '../src/daemon/serve.ts';
import { runLoad } from '../src/load/load-source.ts';
import { pause } from '../src/time/timer.ts';
import { ensureChromium } from './chromium.ts';

const ROOT = join(import.meta.dirname, '..');
const SHOTS = [
  { name: 'page', colorScheme: 'light', viewport: { width: 1280, height: 1340 } },
  { name: 'page-dark', colorScheme: 'dark', viewport: { width: 1280, height: 1340 } },
  { name: 'page-phone', colorScheme: 'light', viewport: { width: 360, height: 1340 } },
] as const;

interface Flags {
  readonly seconds: number;
  readonly out: string;
}

async function take({ seconds, out }: Flags): Promise<void> {
  const { config, isGiven } = theJob(
    loadConfig({
      file: join(ROOT, 'config', 'kafka.yaml'),
      flags: [
        ...['log=memory', 'memory.partitions=24', 'http.listen=127.0.0.1:0', 'model.backend=wasm'],
        ...[
          'scoring.workers=2',
          `model.repository=${join(ROOT, 'native-models')}`,
          'generate.recordsPerSecond=1',
        ],
      ],
      environment: {},
    }),
  );
  const logger = pino({ level: 'warn' });
  const ending = new AbortController();
  const fail = (error: Error): void => {
    throw error;
  };
  const job = newJob('fraud');
  const server = await serveHttp(config, [job], { logger, isGiven, drain: () => ending.abort() });
  job.daemon = await Daemon.start(config, { logger, failFast: true, onFatal: fail });
  const { sink } = job.daemon;
  const load = async (recordsPerSecond: number, signal: AbortSignal, share: number): Promise<unknown> =>
    runLoad(
      {
        ...{ sink, topic: config.input.topic, codec: writingCodec(config), records: await loadFor(config) },
        ...{
          recordsPerSecond,
          count: Number.POSITIVE_INFINITY,
          batchBytesMax: config.limits.resultBatchBytes,
        },
        garbage: { share, field: 'V1' },
      },
      signal,
    );
  const steady = load(2_500, ending.signal, 0.002);
  const { executablePath, env } = await ensureChromium();
  const browser = await chromium.launch({
    ...{ executablePath, env: { ...process.env, ...env } as never, args: ['--no-sandbox'] },
  });
  const page = await browser.newPage(SHOTS[0]);
  await page.goto(server?.url ?? '');
  await pause((seconds * 1_000) / 3);
  await load(2_500, AbortSignal.any([ending.signal, AbortSignal.timeout((seconds * 1_000) / 3)]), 0);
  await pause((seconds * 1_000) / 3);
  for (const { name, viewport, colorScheme } of SHOTS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    // What depends on the size is drawn with the next numbers.
    await pause(1_500);
    const path = join(out, `${name}.png`);
    await page.screenshot({ path });
    console.log(path);
  }
  ending.abort();
  await steady;
  await browser.close();
  await job.daemon.stop();
  await server?.stop();
}

await new Command('npm run screenshots --')
  .option('--seconds <n>', 'how long the daemon works before', Number, 66)
  .option('--out <folder>', 'where they are written', join(ROOT, 'docs', 'images'))
  .action(take)
  .parseAsync();
