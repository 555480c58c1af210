// Scores the records of a file: through the worker threads of the daemon, without a log. It stands
// where the engine stands in a daemon: it makes micro-batches, keeps a bounded number in flight,
// and gives out what became of them in the order of the records.

import { viewOf, writeInt64 } from '../base/int64.ts';
import { type NextOffset, startingAt } from '../log/offset.ts';
import { AT, readHeader } from '../log/record-batch.ts';
import { RecordBatchWriter } from '../log/record-batch-writer.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import { unlessAborted } from '../time/bounded.ts';
import type { Pool } from './pools.ts';
import type { FileRecord, RecordFile } from './record-file.ts';

/** What became of some records that follow each other. */
export interface ScoredRecords {
  readonly outcome: Outcome;
  /** The number of the first one; that of record `n` is in line `lines[n - first]`. */
  readonly first: number;
  readonly lines: readonly number[];
}

export interface FileScorerOptions {
  readonly pool: Pool;
  /** A micro-batch is closed at so many records or bytes. */
  readonly recordsMax: number;
  readonly bytesMax: number;
  readonly inFlightMax: number;
  /** Begins the file again; null for one that can be read only once. */
  readonly again: (() => Promise<RecordFile>) | null;
  /** Told of each micro-batch, in order, and waited for. */
  readonly write: (scored: ScoredRecords) => Promise<void>;
  readonly onStateLost: (why: string) => void;
  readonly signal: AbortSignal;
}

/** How often the windows are built up again for the same records, before the file is given up. */
const REBUILDS_MAX = 100;
const TOPIC = 'file';

export class FileScorer {
  readonly #options: FileScorerOptions;
  /** The records below have their answer written. */
  #done = startingAt(0);
  #epoch = 0;

  constructor(options: FileScorerOptions) {
    this.#options = options;
  }

  /** Resolves when all is written, or the signal has ended it and what was in flight is written. */
  async run(file: RecordFile): Promise<void> {
    const { again, onStateLost, signal } = this.#options;
    for (let [reading, rebuilds, from] = [file, 0, this.#done]; ; ) {
      try {
        return await new Pass(this.#options, ++this.#epoch, this.#done, (next) => {
          this.#done = next;
        }).run(reading);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code !== 'SCORELANE_STATE_LOST' || again === null || signal.aborted) throw error;
        rebuilds = this.#done === from ? rebuilds + 1 : 0;
        if (rebuilds > REBUILDS_MAX) throw error;
        from = this.#done;
        onStateLost(message);
        reading = await again();
      }
    }
  }
}

/** One way through the file. Records below `done` have their answer: they go into windows only. */
class Pass {
  readonly #options: FileScorerOptions;
  readonly #lane: Pick<MicroBatch, 'topic' | 'partition' | 'epoch' | 'incarnation'>;
  readonly #done: NextOffset;
  readonly #writtenTo: (next: NextOffset) => void;
  readonly #batch = new RecordBatchWriter();
  #lines: number[] = [];
  #first = startingAt(0);
  #id = 0;
  #inFlight = 0;
  /** The writing of all that was sent so far, each after the one before. */
  #written: Promise<void> = Promise.resolve();
  readonly #sent: Promise<void>[] = [];

  constructor(
    options: FileScorerOptions,
    epoch: number,
    done: NextOffset,
    writtenTo: (next: NextOffset) => void,
  ) {
    this.#options = options;
    this.#lane = { topic: TOPIC, partition: 0, epoch };
    this.#done = done;
    this.#writtenTo = writtenTo;
  }

  async run(file: RecordFile): Promise<void> {
    const { pool, signal } = this.#options;
    if ('restore' in pool) await pool.restore(this.#lane, this.#done);
    const pieces = file.batches()[Symbol.asyncIterator]();
    for (;;) {
      const piece = await unlessAborted(pieces.next(), signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
        return null;
      });
      if (piece === null || piece.done === true) break;
      for (const record of piece.value) {
        if (!this.#hasRoom(record)) await this.#send();
        this.#add(record);
      }
      // A pipe may have nothing more to say for a long time.
      if (file.size === null && this.#inFlight === 0) await this.#send();
    }
    if (!signal.aborted) await this.#send();
    await this.#written;
  }

  #hasRoom({ key, value }: FileRecord): boolean {
    const { recordsMax, bytesMax } = this.#options;
    const bytes = this.#batch.byteLength + value.byteLength + (key?.byteLength ?? 0);
    return this.#lines.length === 0 || (this.#lines.length < recordsMax && bytes <= bytesMax);
  }

  #add({ key, value, timestampMs, line }: FileRecord): void {
    this.#batch.appendRecord(timestampMs, key, value);
    this.#lines.push(line);
  }

  /** Resolves when another one may be sent. */
  async #send(): Promise<void> {
    const lines = this.#lines;
    if (lines.length === 0) return;
    const { pool, inFlightMax } = this.#options;
    const first = this.#first;
    const next = startingAt(first + lines.length);
    const { bytes } = this.#batch.finish();
    writeInt64(viewOf(bytes), AT.baseOffset, first);
    this.#lines = [];
    this.#first = next;
    const [scored] = pool.scoreTogether([
      {
        ...this.#lane,
        id: this.#id++,
        first,
        next,
        scoreFrom: this.#done,
        batches: [{ header: readHeader(bytes), bytes }],
        trigger: 'full',
      },
    ]);
    this.#inFlight++;
    const before = this.#written;
    // Both at once: what fails first is told, and neither is left without somebody who listens.
    const written = Promise.all([scored, before]).then(([outcome]) =>
      this.#write({ outcome: outcome as Outcome, first, lines }, next),
    );
    written.catch(() => {});
    this.#written = written;
    this.#sent.push(written);
    if (this.#sent.length >= inFlightMax) await this.#sent.shift();
  }

  async #write(scored: ScoredRecords, next: NextOffset): Promise<void> {
    const { pool, write } = this.#options;
    this.#inFlight--;
    if (next > this.#done) {
      await write(scored);
      this.#writtenTo(next);
    }
    pool.release(scored.outcome.outputs);
  }
}
