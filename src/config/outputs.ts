// The topics that a job writes, each with the key that names it.

import type { Config } from './schema.ts';

export interface OutputTopic {
  readonly key: 'output.topic' | 'deadLetters.topic' | 'output.routes' | 'model.shadowTopic';
  readonly topic: string;
}

/** Where results of some records go besides: of routes, and of a shadow. */
export const besidesOf = ({ output, model }: Pick<Config, 'output' | 'model'>): OutputTopic[] => [
  ...Object.keys(output.routes).map((topic) => ({ key: 'output.routes', topic }) as const),
  ...(model.shadowTopic === undefined
    ? []
    : [{ key: 'model.shadowTopic', topic: model.shadowTopic } as const]),
];

export const outputsOf = (config: Pick<Config, 'output' | 'deadLetters' | 'model'>): OutputTopic[] => [
  { key: 'output.topic', topic: config.output.topic },
  { key: 'deadLetters.topic', topic: config.deadLetters.topic },
  ...besidesOf(config),
];
