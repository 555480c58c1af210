// What a topic of labels needs of other keys.

import { broken, type Contradiction } from './contradiction.ts';
import type { Config } from './schema.ts';

export function lateLabels({ labels, input, output, deadLetters, log }: Config): Contradiction[] {
  const { topic } = labels;
  if (topic === undefined || log !== 'kafka') return [];
  const own = [input.topic, output.topic, deadLetters.topic, ...Object.keys(output.routes)];
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
