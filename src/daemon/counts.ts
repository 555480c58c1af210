// The words of the log for partition counts that have changed while the daemon runs: the topic,
// both counts, and what it means.

import type { PartitionCounts } from '../worker-protocol/messages.ts';

/** How the answers to a partition of the input are spread over a topic. */
export const spreading = (input: number, outputs: number): string =>
  input === outputs ? 'each to the partition of its input' : 'by their keys';

export interface CountedTopics {
  readonly topics: Readonly<Record<Exclude<keyof PartitionCounts, 'routes'>, string>>;
  readonly keepsState: boolean;
}

/** A line for each topic that has another count now. */
export function changesInWords(
  before: PartitionCounts,
  now: PartitionCounts,
  { topics, keepsState }: CountedTopics,
): string[] {
  const line = (role: keyof CountedTopics['topics'], means: string): string[] =>
    before[role] === now[role]
      ? []
      : [`topic ${topics[role]} has ${now[role]} partitions now, it had ${before[role]}: ${means}`];
  const isRemade = now.input < before.input;
  const windows = isRemade
    ? 'it was made again, and its windows begin empty'
    : 'its records stay where they are, and new ones of many keys go to other partitions, where the windows of these keys begin empty; a ' +
      'field by which windows are kept may have been placed by either count';
  const results = `results go ${spreading(now.input, now.results)}`;
  const deadLetters = `dead letters go ${spreading(now.input, now.deadLetters)}`;
  return [
    ...line('input', [...(keepsState ? [windows] : []), results, deadLetters].join('; ')),
    ...line('results', results),
    ...line('deadLetters', deadLetters),
  ];
}
