// The topics that a job writes, each with the key that names it.

import type { Config } from './schema.ts';

export interface OutputTopic {
  readonly key: 'output.topic' | 'deadLetters.topic' | 'output.routes';
  readonly topic: string;
}

export const outputsOf = ({ output, deadLetters }: Pick<Config, 'output' | 'deadLetters'>): OutputTopic[] => [
  { key: 'output.topic', topic: output.topic },
  { key: 'deadLetters.topic', topic: deadLetters.topic },
  ...Object.keys(output.routes).map((topic) => ({ key: 'output.routes', topic }) as const),
];
