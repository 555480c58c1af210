// Sends a record batch in as many parts as its topic needs. A batch is cut in halves if it is too
// large for the topic, or if the topic refuses a record without naming it. It stays cut when it is
// sent again, so that each part keeps its sequence numbers.

import { halve } from '../log/halve.ts';
import { RefusedRecordsError, type ResultBatch } from '../log/ports.ts';
import { refusalIn } from './errors.ts';

interface Part {
  readonly batch: ResultBatch;
  /** The index of its first record in the whole batch. */
  readonly firstIndex: number;
}

export class Parts {
  readonly #parts = new WeakMap<ResultBatch, readonly Part[]>();

  /**
   * Sends the parts of a batch in order. Rejects with the error of `send`, or with
   * `RefusedRecordsError` for records that the topic refuses: those that it names, and those that
   * it refuses in a batch of their own.
   */
  async send(whole: ResultBatch, send: (part: ResultBatch) => Promise<void>): Promise<void> {
    let parts = this.#parts.get(whole) ?? [{ batch: whole, firstIndex: 0 }];
    for (let done = 0; done < parts.length; ) {
      const { batch, firstIndex } = parts[done] as Part;
      try {
        await send(batch);
        done++;
      } catch (error) {
        const refusal = refusalIn(error, batch.recordCount);
        if (refusal === null) throw error;
        const { ofTime } = refusal;
        if (refusal.named.length > 0 || batch.recordCount === 1) {
          const named = refusal.named.length > 0 ? refusal.named : [{ index: 0, message: refusal.reason }];
          const records = named.map(({ index, message }) => ({ index: firstIndex + index, message }));
          throw new RefusedRecordsError([{ batch: whole, appended: firstIndex, records, ofTime }], error);
        }
        const [first, second] = halve(batch);
        const halves = [
          { batch: first, firstIndex },
          { batch: second, firstIndex: firstIndex + first.recordCount },
        ];
        parts = parts.toSpliced(done, 1, ...halves);
        this.#parts.set(whole, parts);
      }
    }
  }
}
