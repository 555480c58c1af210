// Reads answers: each result and each dead letter names, in its headers, the record that it belongs
// to.

import { ERROR_OFFSET, ERROR_PARTITION, ERROR_TOPIC, ERROR_TOPIC_ID } from '../answers/dead-letter.ts';
import { SOURCE_OFFSET, SOURCE_PARTITION, SOURCE_TOPIC, SOURCE_TOPIC_ID } from '../answers/source-headers.ts';
import type { OffsetRange } from '../log/offset.ts';
import type { Source } from '../log/ports.ts';
import { readRange } from '../log/read-range.ts';
import { openRecordBatch, parseHeaders, type RecordView } from '../log/record-batch-reader.ts';

export interface Topic {
  /** One source for each reading. */
  readonly open: () => Source;
  readonly ranges: readonly OffsetRange[];
}

/** Where the answers stand, and what they answer. */
export interface AnswerTopics {
  readonly inputTopic: string;
  /** That of the input, which answers name; null where the brokers tell none. */
  readonly inputTopicId: string | null;
  /**
   * By input partition, from which record on an answer must name it: infinity where that is not
   * known.
   */
  readonly namedFrom: readonly number[];
  readonly results: Topic;
  readonly deadLetters: Topic;
  readonly inflatedBytesMax: number;
}

/** Answers to the input's name whose topic id does not say that they are to this topic. */
export interface Unsure {
  /** Taken for answers to it: they name none, and are to records below those whose answers must. */
  readonly trusted: number;
  /** Left out. */
  readonly others: number;
}

export type AnswerKind = 'result' | 'deadLetter';

export interface Answer {
  readonly kind: AnswerKind;
  /** Of the record that it answers. */
  readonly partition: number;
  readonly offset: number;
  /** Where it stands itself. */
  readonly outputPartition: number;
  readonly outputOffset: number;
}

const NAMES: Readonly<Record<AnswerKind, Readonly<Record<keyof Coordinates, string>>>> = {
  result: {
    topic: SOURCE_TOPIC,
    topicId: SOURCE_TOPIC_ID,
    partition: SOURCE_PARTITION,
    offset: SOURCE_OFFSET,
  },
  deadLetter: {
    topic: ERROR_TOPIC,
    topicId: ERROR_TOPIC_ID,
    partition: ERROR_PARTITION,
    offset: ERROR_OFFSET,
  },
};

/**
 * Calls `visit` for every answer of that kind in these ranges of its topic, in order within each
 * partition.
 */
export async function eachAnswer(
  topics: AnswerTopics,
  kind: AnswerKind,
  ranges: readonly OffsetRange[],
  visit: (answer: Answer) => void,
): Promise<Unsure> {
  let [trusted, others] = [0, 0];
  const topic = kind === 'result' ? topics.results : topics.deadLetters;
  await readRange(topic.open(), ranges, ({ partition: outputPartition, batches }) => {
    const { from = 0, until = 0 } = ranges[outputPartition] ?? {};
    for (const batch of batches) {
      if (batch.skip) continue;
      const records = openRecordBatch(batch, topics.inflatedBytesMax);
      while (records.next()) {
        if (records.offset < from || records.offset >= until) continue;
        const found = coordinates(records, NAMES[kind]);
        const { partition, offset } = found;
        if (found.topic !== topics.inputTopic) continue;
        const isUnsure = topics.inputTopicId !== null && found.topicId !== topics.inputTopicId;
        if (isUnsure && (found.topicId !== '' || offset >= (topics.namedFrom[partition] ?? 0))) {
          others++;
          continue;
        }
        if (isUnsure) trusted++;
        visit({ kind, partition, offset, outputPartition, outputOffset: records.offset });
      }
    }
  });
  return { trusted, others };
}

interface Coordinates {
  topic: string;
  topicId: string;
  partition: number;
  offset: number;
}

/** The last header of each name counts: those that the record had before stand first. */
function coordinates(record: RecordView, names: Readonly<Record<keyof Coordinates, string>>): Coordinates {
  const found = { topic: '', topicId: '', partition: -1, offset: -1 };
  for (const { key, value } of parseHeaders(record)) {
    const text = value === null ? '' : Buffer.from(value).toString();
    if (key === names.topic) found.topic = text;
    else if (key === names.topicId) found.topicId = text;
    else if (key === names.partition) found.partition = Number(text);
    else if (key === names.offset) found.offset = Number(text);
  }
  return found;
}
