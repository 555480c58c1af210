// What is told of versions that come and go: by metrics and over HTTP, of a real daemon.

import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { newJob } from '../../src/daemon/running-job.ts';
import { serveHttp } from '../../src/daemon/serve.ts';
import { writeLabels } from '../../src/versions/labels.ts';
import { demoConfig } from '../support/config.ts';
import { serving, VersionsRepository } from '../support/versions.ts';

const TOKEN = 'a-token-of-more-than-sixteen';

/** A daemon of these versions with its server. */
async function seen(t: ExecutionContext, versions: readonly string[], ...settings: string[]) {
  const repository = new VersionsRepository();
  for (const version of versions) repository.add(version);
  const { daemon, said } = await serving(repository, 1, ...settings);
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
  const { url } = server;
  return { repository, daemon, said, url };
}

/** It is refused before it is tried, which is quick. */
const spoil = (folder: string): void => truncateSync(join(folder, 'model.yaml'), 8);

test.serial(
  'metrics tell each version that is loaded or was refused, and whether the right one serves',
  async (t) => {
    const { repository, daemon, url } = await seen(t, ['1']);
    const told = async (): Promise<string[]> =>
      (await (await fetch(`${url}/metrics`)).text())
        .split('\n')
        .filter((line) => /^scorelane_model_version(s_refused_total|_switches_total|_unmet)?\{/.test(line))
        .map((line) => line.replace('scorelane_model_version', '').replace('job="cards-job"', ''));
    t.deepEqual(await told(), [
      '_switches_total{} 0',
      's_refused_total{} 0',
      '{,version="1",state="serving"} 1',
      '_unmet{} 0',
    ]);
    repository.add('2');
    await daemon.living.look();
    for (const version of ['3', '4', '5', '6', '7', '8']) {
      repository.add(version, { spoil });
      await daemon.living.look();
    }
    t.deepEqual(await told(), [
      '_switches_total{} 1',
      's_refused_total{} 6',
      '{,version="1",state="loaded"} 1',
      '{,version="2",state="serving"} 1',
      ...['4', '5', '6', '7', '8'].map((version) => `{,version="${version}",state="refused"} 1`),
      '_unmet{} 0',
    ]);
    writeLabels(repository.folder, 'cards', { versions: { pinned: '17' }, moves: [] });
    await daemon.living.look();
    t.is((await told()).at(-1), '_unmet{} 1', 'the version that is pinned is not there');
  },
);
