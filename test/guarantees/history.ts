// What happened in a run, as the checkers of the invariants read it. The property tests, the tests
// over the memory log and the tests on a real broker all write this one form.

import type { TopicPartition as OfSomeTopic } from '../../src/log/topic-partition.ts';

/**
 * Topics that had a name one after the other are told apart by their incarnation: offsets of one
 * mean nothing in another.
 */
interface TopicPartition extends OfSomeTopic {
  readonly incarnation?: string | undefined;
}

/**
 * Where an answer lies: of which topic of that name, in which partition, and in which it belongs by
 * the counts of then. `sender`: its producer id, where lanes share partitions of the output.
 */
interface Into {
  readonly incarnation: string | undefined;
  readonly partition: number;
  readonly home: number;
  readonly sender?: number | undefined;
}

export type HistoryEvent =
  /**
   * A record stands in the input log. `bad`: it cannot be scored. `absent`: a reader must not see
   * it (aborted, control). `skipped`: it has no answer.
   */
  | ({ type: 'input'; offset: number; bad?: boolean; absent?: boolean; skipped?: boolean } & TopicPartition)
  /**
   * A lane began, while the log of its incarnation ended there. `crashed`: the ownership before
   * ended without a chance to commit.
   */
  | ({ type: 'owned'; epoch: number; position: number; logEnd?: number | undefined } & TopicPartition)
  | ({ type: 'ended'; epoch: number; why: 'revoked' | 'lost' | 'crashed' } & TopicPartition)
  /** A result or dead letter for the input record at `offset` was appended to the output log. */
  | ({
      type: 'appended';
      epoch: number;
      offset: number;
      kind: 'result' | 'deadLetter';
      value?: string;
      /** Of the model that gave it, where versions come and go: it is not in `value` then. */
      version?: string;
      /** It has to be in the topic of a route too. */
      meets?: boolean;
      into?: Into;
    } & TopicPartition)
  /** The result of the input record at `offset` was appended to the topic of a route. */
  | ({ type: 'routed'; epoch: number; offset: number; value: string; into?: Into } & TopicPartition)
  /** It is certain that all results up to here are in the output log: the sink said so. */
  | ({ type: 'committed'; epoch: number; next: number } & TopicPartition)
  /** From then on a daemon scores what it opens with that version of the model. */
  | { type: 'served'; process: number; version: string }
  | { type: 'held'; bytes: number; budgetBytes: number }
  | ({ type: 'paused'; ownHeldBytes: number; shareBytes: number } & TopicPartition)
  /**
   * A fetch was answered; `emptied` if no lane is behind. From then on no fetch shall begin before
   * `restUntilMs`.
   */
  | { type: 'paced'; process: string; atMs: number; emptied: boolean; restUntilMs: number; targetMs: number }
  | { type: 'fetching'; process: string; atMs: number }
  /**
   * The run is over: how far the reader could have gone, and whether the daemon admitted that this
   * lane is in trouble.
   */
  | ({ type: 'ended-run'; logEnd: number; committed: number; ready: boolean } & TopicPartition);

export type History = readonly HistoryEvent[];
