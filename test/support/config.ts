// A configuration from text, and what is wrong with it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, loadConfig, theJob } from '../../src/config/load.ts';
import type { LoadedConfig, LoadedJob } from '../../src/config/loaded.ts';
import type { Config } from '../../src/config/schema.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
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

/** Of all configurations, one after the other. */
let folder: string | undefined;

export function loadAll(
  yaml: string,
  flags: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): LoadedConfig {
  folder ??= tempFolder('config');
  const file = join(folder, 'c.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, flags, environment });
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
