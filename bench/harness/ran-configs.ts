// The configurations that really ran, each once, for the report: the file of a scenario is only
// where they begin.

import { withoutSecrets } from '../../src/config/effective.ts';
import { leaves } from '../../src/config/leaves.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Case } from './bench.ts';
import type { RanConfig } from './result.ts';

/** Each measurement has topics and a group of its own, and brokers are found by the bench. */
const OF_A_JOB: ReadonlySet<string> = new Set([
  'input.topic',
  'output.topic',
  'deadLetters.topic',
  'kafka.group.id',
  'kafka.bootstrap.servers',
]);

export class RanConfigs {
  /** By their values. */
  readonly #ran = new Map<string, RanConfig>();

  add({ format, model, backend, workers, settings = [] }: Case, config: Config): void {
    const flat = flatten(config);
    const name = [`${format} ${model} ${backend}, workers ${workers}`, ...settings].join(', ');
    const values = JSON.stringify(flat);
    if (!this.#ran.has(values)) this.#ran.set(values, { name, config: flat });
  }

  get all(): readonly RanConfig[] {
    return [...this.#ran.values()];
  }
}

/** Keys with their values. */
export function flatten(config: Config): Record<string, unknown> {
  const plain = withoutSecrets(config);
  return Object.fromEntries(
    leaves.flatMap(({ key, path }) => {
      if (OF_A_JOB.has(key)) return [];
      const value = path.reduce<unknown>(
        (section, name) => (section as Readonly<Record<string, unknown>> | undefined)?.[name],
        plain,
      );
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
