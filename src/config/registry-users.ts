// Who asks the schema registry: Avro whose frame has the number of its schema.

import type { Config } from './schema.ts';

/** The sides of a job that need a registry. */
export const registryUsers = (config: Pick<Config, 'input' | 'output'>): ('input' | 'output')[] =>
  (['input', 'output'] as const).filter(
    (side) => config[side].format === 'avro' && config[side].framing === 'confluent',
  );
