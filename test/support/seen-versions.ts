// A daemon of some versions with its server, as an administrator and the page see it.

import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Daemon } from '../../src/daemon/daemon.ts';
import { newJob } from '../../src/daemon/running-job.ts';
import { serveHttp } from '../../src/daemon/serve.ts';
import type { QualityTold } from '../../src/telemetry/quality.ts';
import { demoConfig } from './config.ts';
import { serving, VersionsRepository } from './versions.ts';

export const TOKEN = 'a-token-of-more-than-sixteen';

interface Seen extends Pick<Awaited<ReturnType<typeof serving>>, 'send' | 'results'> {
  readonly repository: VersionsRepository;
  readonly daemon: Daemon;
  readonly url: string;
}

type Test = { teardown(end: () => unknown): void };

/** What labels have said of the scores of a version. */
export const qualityOf = (version: string): QualityTold => ({
  versions: [
    {
      ...{ version, results: 500, labelled: 400, positives: 40, areaUnderRoc: 0.9125, averagePrecision: 0.8 },
      ...{ precision: 0.7, recall: 0.6, brierScore: 0.1, calibrationError: 0.05 },
    },
  ],
  ...{ share: 1, unreadable: 0 },
});

/** Its job is called cards-job. The latest serves unless settings say otherwise. */
export function seen(t: Test, versions: readonly string[], ...settings: string[]): Promise<Seen> {
  const repository = new VersionsRepository();
  for (const version of versions) repository.add(version);
  return seenOf(t, repository, ...settings);
}

/** The same with versions that are there already. */
export async function seenOf(t: Test, repository: VersionsRepository, ...settings: string[]): Promise<Seen> {
  const { daemon, send, results } = await serving(repository, 1, ...settings);
  const job = newJob('cards-job');
  job.daemon = daemon;
  const config = demoConfig('http.listen=127.0.0.1:0', `http.adminToken=${TOKEN}`);
  const logger = pino({ level: 'fatal' }, new Writable({ write: (_, __, done) => done() }));
  const server = await serveHttp(config, [job], { logger, isGiven: () => true, drain: () => {} });
  if (server === null) throw new Error('no server');
  t.teardown(async () => {
    await daemon.stop();
    await server.stop();
  });
  return { repository, daemon, url: server.url, send, results };
}
