// Where the answers of a replay go: into the sums, and the results of the candidate to a topic, if
// one is wanted. They come in the order of the records of each partition, so the sums and the
// positions always belong together.

import type { CommitOffset, ResultBatch, Sink } from '../log/ports.ts';
import type { Comparison } from './comparison.ts';
import { type OutcomePair, PairBatch } from './pair-scorer.ts';
import type { HistoryPart } from './range-source.ts';
import type { ReadAnswers } from './read-answers.ts';
import type { Label } from './result-reader.ts';

export interface ComparingSinkOptions {
  readonly comparison: Comparison;
  /** By partition; the positions move. */
  readonly parts: readonly HistoryPart[];
  readonly candidate: ReadAnswers;
  readonly baseline: ReadAnswers | null;
  /** Where the results of the candidate go; null: nowhere. */
  readonly inner: Sink | null;
  /** The label of the record with that id, where results do not carry labels. */
  readonly labelOf: ((id: string | null) => Label) | null;
  readonly onAnswered: () => void;
  /** The sums cannot be right any more. */
  readonly onFatal: (error: Error) => void;
}

export class ComparingSink implements Sink {
  readonly #options: ComparingSinkOptions;
  /** Grows when partitions are lost: what was on its way then is scored again. */
  #ownership = 0;

  constructor(options: ComparingSinkOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#options.inner?.start();
  }

  partitionCount(topic: string, patienceMs?: number): Promise<number> {
    const { inner, parts } = this.#options;
    return inner?.partitionCount(topic, patienceMs) ?? Promise.resolve(parts.length);
  }

  lost(): void {
    this.#ownership++;
  }

  async produce(batches: readonly ResultBatch[], answered?: CommitOffset): Promise<readonly ResultBatch[]> {
    const { inner, parts, onAnswered, onFatal } = this.#options;
    const batch = PairBatch.in(batches);
    const { pair } = batch;
    const ownership = this.#ownership;
    const results = pair.candidate.outputs.slice(0, pair.candidate.resultBatches);
    if (inner !== null && results.length > 0) {
      const free = new Set(await inner.produce(results));
      batch.held = new Set(results.filter((each) => !free.has(each)));
    }
    const part = answered === undefined ? undefined : parts[answered.partition];
    if (part === undefined || answered === undefined || ownership !== this.#ownership) return batches;
    // Records below were counted before: they were put into windows only.
    if (answered.next <= part.position) return batches;
    try {
      this.#count(answered.partition, pair);
    } catch (error) {
      onFatal(error as Error);
      throw error;
    }
    part.position = answered.next;
    onAnswered();
    return batches;
  }

  #count(partition: number, pair: OutcomePair): void {
    const { comparison, candidate, baseline, labelOf } = this.#options;
    candidate.read(pair.candidate);
    if (pair.baseline !== null) baseline?.read(pair.baseline);
    comparison.add(partition, candidate, pair.baseline === null ? null : baseline, labelOf);
    const { scored, deadLetters, skipped, deadLetterCodes } = pair.candidate;
    comparison.counts.records += scored + deadLetters;
    comparison.counts.skipped += skipped;
    comparison.candidate.dead(deadLetterCodes);
    if (pair.baseline !== null) comparison.baseline?.dead(pair.baseline.deadLetterCodes);
  }

  async stop(): Promise<void> {
    await this.#options.inner?.stop();
  }
}
