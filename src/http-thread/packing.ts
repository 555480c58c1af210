// The bytes of many records, or of many results, as one buffer: it goes from thread to thread
// without a copy, and a view of its own for each would be cloned with all that is around it.

import type { GivenRecord, RecordAnswer } from '../serving/record-answers.ts';
import type { PackedAnswer, PackedRecords } from './protocol.ts';

const NO_KEY = -1;
const NUMBERS_A_RECORD = 3;

export class Packer {
  readonly #parts: Uint8Array[] = [];
  #byteLength = 0;

  records(given: readonly GivenRecord[]): PackedRecords {
    const packed: number[] = [];
    for (const { key, value, timestampMs } of given) {
      if (key !== null) this.#add(key);
      this.#add(value);
      packed.push(key?.byteLength ?? NO_KEY, value.byteLength, timestampMs);
    }
    return packed;
  }

  answers(given: readonly RecordAnswer[]): readonly PackedAnswer[] {
    return given.map((answer) => {
      if (!('result' in answer)) return answer;
      this.#add(answer.result);
      return answer.result.byteLength;
    });
  }

  /** All of it, in the order in which it came. */
  bytes(): ArrayBuffer {
    const all = new Uint8Array(this.#byteLength);
    let byteAt = 0;
    for (const part of this.#parts) {
      all.set(part, byteAt);
      byteAt += part.byteLength;
    }
    return all.buffer;
  }

  #add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#byteLength += bytes.byteLength;
  }
}

/** Takes out what was packed, in the same order. Nothing is copied. */
export class Unpacker {
  readonly #bytes: Uint8Array;
  #byteAt = 0;

  constructor(bytes: ArrayBuffer) {
    this.#bytes = new Uint8Array(bytes);
  }

  records(packed: PackedRecords): readonly GivenRecord[] {
    const records: GivenRecord[] = [];
    for (let index = 0; index < packed.length; index += NUMBERS_A_RECORD) {
      const [keyBytes, valueBytes, timestampMs] = packed.slice(index, index + NUMBERS_A_RECORD) as [
        number,
        number,
        number,
      ];
      const key = keyBytes === NO_KEY ? null : this.#next(keyBytes);
      records.push({ key, value: this.#next(valueBytes), timestampMs });
    }
    return records;
  }

  answers(packed: readonly PackedAnswer[]): readonly RecordAnswer[] {
    return packed.map((answer) => (typeof answer === 'number' ? { result: this.#next(answer) } : answer));
  }

  #next(byteLength: number): Uint8Array {
    return this.#bytes.subarray(this.#byteAt, (this.#byteAt += byteLength));
  }
}
