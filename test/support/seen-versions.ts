// A daemon of some versions with its server, as an administrator and the page see it.

import { rmSync } from 'node:fs';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Daemon } from '../../src/daemon/daemon.ts';
import { newJob } from '../../src/daemon/running-job.ts';
import { serveHttp } from '../../src/daemon/serve.ts';
import { demoConfig } from './config.ts';
import { serving, VersionsRepository } from './versions.ts';

export const TOKEN = 'a-token-of-more-than-sixteen';

interface Seen extends Pick<Awaited<ReturnType<typeof serving>>, 'send' | 'results'> {
  readonly repository: VersionsRepository;
  readonly daemon: Daemon;
  readonly url: string;
}

type Test = { teardown(end: () => unknown): void };

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
    rmSync(repository.folder, { recursive: true });
  });
  return { repository, daemon, url: server.url, send, results };
}
