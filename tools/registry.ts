// A real schema registry (Apicurio, in memory) that is fetched through Maven. It speaks the
// Confluent API. Needs Java 17 and Maven.

import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endsWithUs } from './at-end.ts';
import { freePort } from './broker.ts';
import { cacheFolder } from './cache.ts';
import { lastWords } from './last-words.ts';
import { run } from './run.ts';

const VERSION = '3.0.9';
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 200;

export interface Registry {
  /** The address up to `/schemas` and `/subjects`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Fetches the registry once. Resolves to its folder. */
export async function ensureRegistry(): Promise<string> {
  const folder = cacheFolder(`apicurio-${VERSION}`);
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return folder;
  const artefact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`;
  // Later versions also need the parent's descriptor, which is not published.
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy';
  await run('mvn', ['-q', '-B', goal, `-Dartifact=${artefact}`, `-DoutputDirectory=${folder}`], {
    cwd: folder,
  });
  await run('tar', ['xzf', join(folder, `apicurio-registry-app-${VERSION}-all.tar.gz`), '-C', folder]);
  writeFileSync(complete, '');
  return folder;
}

/** Starts it on that port, or on a free one. When it stops, all registered schemas are lost. */
export async function startRegistry(port?: number): Promise<Registry> {
  const folder = await ensureRegistry();
  const own = port ?? (await freePort());
  const jar = join(folder, `apicurio-registry-app-${VERSION}-runner.jar`);
  const settings = [
    `-Dquarkus.http.port=${own}`,
    '-Dquarkus.http.host=127.0.0.1',
    '-Dquarkus.log.level=WARN',
  ];
  const child = endsWithUs(
    spawn('java', ['-Xmx512M', ...settings, '-jar', jar], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  const said = lastWords(child);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const url = `http://127.0.0.1:${own}/apis/ccompat/v7`;
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const isUp = await fetch(`${url}/subjects`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { url, stop };
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`the schema registry did not start:\n${said()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
