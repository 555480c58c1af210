// What a topic of labels needs of other keys.

import { broken, type Contradiction } from './contradiction.ts';
import { outputsOf } from './outputs.ts';
import type { Config } from './schema.ts';

export function lateLabels(config: Config): Contradiction[] {
  const { labels, input, output, log } = config;
  const { topic } = labels;
  if (topic === undefined || log !== 'kafka') return [];
  const own = [input.topic, ...outputsOf(config).map((each) => each.topic)];
  return [
    ...broken(
      own.includes(topic),
      'labels.topic',
      'labels.topic',
      () => `expected a topic of its own for labels, found "${topic}", which the job has for something else`,
    ),
    ...broken(
      output.ids.length === 0,
      'output.ids',
      'labels.topic',
      () =>
        'expected a field by which results and their labels are joined, as labels.topic is set, found none',
    ),
    ...(['input', 'output'] as const).flatMap((side) =>
      broken(
        (side === 'input' ? input : output).format === 'avro',
        `${side}.format`,
        'labels.topic',
        () => 'expected json or msgpack, as labels.topic is set, found "avro": it cannot be joined yet',
      ),
    ),
  ];
}
