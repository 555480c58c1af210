// Reads answers: the headers of each result and each dead letter name the record that it belongs
// to.

import { ERROR_OFFSET, ERROR_PARTITION, ERROR_TOPIC, ERROR_TOPIC_ID } from '../answers/dead-letter.ts';
import { SOURCE_OFFSET, SOURCE_PARTITION, SOURCE_TOPIC, SOURCE_TOPIC_ID } from '../answers/source-headers.ts';
import type { OffsetRange } from '../log/offset.ts';
import type { Source } from '../log/ports.ts';
import { eachRecord, readRange } from '../log/read-range.ts';
import { parseHeaders, type RecordView } from '../log/record-batch-reader.ts';

export interface Topic {
  /** Makes a new source for each reading. */
  readonly open: () => Source;
  readonly ranges: readonly OffsetRange[];
}

/** The topics of the answers, and the input that they answer. */
export interface AnswerTopics {
  readonly inputTopic: string;
  /** The topic id of the input, which answers name; null where the brokers tell no id. */
  readonly inputTopicId: string | null;
  /**
   * For each input partition: the offset from which on answers must name the topic id; infinity
   * where it is not known.
   */
  readonly namedFrom: readonly number[];
  readonly results: Topic;
  readonly deadLetters: Topic;
  readonly inflatedBytesMax: number;
}

/** Answers that name the input, but without the id of this topic. */
export interface Unsure {
  /**
   * Counted as answers to this topic: they name no id, and their records are older than
   * `namedFrom`.
   */
  readonly trusted: number;
  /** Not counted. */
  readonly others: number;
}

export type AnswerKind = 'result' | 'deadLetter';

export interface Answer {
  readonly kind: AnswerKind;
  /** The partition of the record that it answers. */
  readonly partition: number;
  readonly offset: number;
  /** The partition of the answer itself. */
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
 * Calls `visit` for each answer of that kind in these ranges of its topic, or of another one with
 * such answers, in order within each partition.
 */
export async function eachAnswer(
  topics: AnswerTopics,
  kind: AnswerKind,
  ranges: readonly OffsetRange[],
  visit: (answer: Answer, record: RecordView) => void,
  topic = kind === 'result' ? topics.results : topics.deadLetters,
): Promise<Unsure> {
  let [trusted, others] = [0, 0];
  await readRange(topic.open(), ranges, (fetched) => {
    eachRecord(fetched, ranges, topics.inflatedBytesMax, (record) => {
      const found = coordinates(record, NAMES[kind]);
      const { partition, offset } = found;
      if (found.topic !== topics.inputTopic) return;
      const isUnsure = topics.inputTopicId !== null && found.topicId !== topics.inputTopicId;
      if (isUnsure && (found.topicId !== '' || offset >= (topics.namedFrom[partition] ?? 0))) {
        others++;
        return;
      }
      if (isUnsure) trusted++;
      const place = { outputPartition: fetched.partition, outputOffset: record.offset };
      visit({ kind, partition, offset, ...place }, record);
    });
  });
  return { trusted, others };
}

interface Coordinates {
  topic: string;
  topicId: string;
  partition: number;
  offset: number;
}

/** The last header of each name counts: headers of the record itself come first. */
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
