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

interface Seen {
  readonly repository: VersionsRepository;
  readonly daemon: Daemon;
  readonly url: string;
}

/** Its job is called cards-job. The latest serves unless settings say otherwise. */
export async function seen(
  t: { teardown(end: () => unknown): void },
  versions: readonly string[],
  ...settings: string[]
): Promise<Seen> {
  const repository = new VersionsRepository();
  for (const version of versions) repository.add(version);
  const { daemon } = await serving(repository, 1, ...settings);
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
  return { repository, daemon, url: server.url };
}
