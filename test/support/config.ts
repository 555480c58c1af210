// A configuration from text, and what is wrong with it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, theJob } from '../../src/config/load.ts';
import type { LoadedConfig, LoadedJob } from '../../src/config/loaded.ts';
import type { Config } from '../../src/config/schema.ts';
import { ROOT } from './daemon.ts';

/** All that has no default. */
export const MINIMAL = 'input: {topic: a}\noutput: {topic: b}\ndeadLetters: {topic: c}\nmodel: {name: m}\n';

/** The demo on one thread of WASM, with the models of this tree. */
export const demoConfig = (...settings: string[]): Config =>
  theJob(
    loadConfig({
      file: join(ROOT, 'config', 'demo.yaml'),
      flags: [
        'model.backend=wasm',
        'scoring.workers=1',
        `model.repository=${join(ROOT, 'native-models')}`,
        ...settings,
      ],
      environment: {},
    }),
  ).config;

/** With one job. */
export function load(
  yaml: string,
  flags: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): LoadedConfig & LoadedJob {
  const loaded = loadAll(yaml, flags, environment);
  return { ...loaded, ...theJob(loaded) };
}

export function loadAll(
  yaml: string,
  flags: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): LoadedConfig {
  const folder = mkdtempSync(join(tmpdir(), 'scorelane-config-'));
  const file = join(folder, 'c.yaml');
  try {
    writeFileSync(file, yaml);
    return loadConfig({ file, flags, environment });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The message of the `ConfigError`, or nothing. */
export function problemsOf(
  yaml: string,
  flags: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): string {
  try {
    loadAll(yaml, flags, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}
