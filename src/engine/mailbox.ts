// A lane's queue of unopened record batches, counted in records and bytes.

import type { NextOffset } from '../log/offset.ts';
import type { RawRecordBatch } from '../log/record-batch.ts';

export interface Mail {
  /**
   * Null for a range of offsets with nothing to score: batches that are skipped, and records that
   * the log no longer holds.
   */
  readonly batch: RawRecordBatch | null;
  /** The first offset wanted of this batch. */
  readonly first: NextOffset;
  readonly next: NextOffset;
  /** How many records it counts for: 0 if there is no batch. */
  readonly records: number;
  readonly bytes: number;
  readonly arrivedAtMs: number;
}

/** The mailbox as a dump holds it. */
export interface SavedMailbox {
  readonly mail: readonly Mail[];
  readonly records: number;
  readonly bytes: number;
}

export class Mailbox {
  #mail: Mail[] = [];
  #records = 0;
  #bytes = 0;

  static restored({ mail, records, bytes }: SavedMailbox): Mailbox {
    const mailbox = new Mailbox();
    mailbox.#mail = [...mail];
    mailbox.#records = records;
    mailbox.#bytes = bytes;
    return mailbox;
  }

  /** No copy: the list is the mailbox's own. */
  saved(): SavedMailbox {
    return { mail: this.#mail, records: this.#records, bytes: this.#bytes };
  }

  get length(): number {
    return this.#mail.length;
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): Mail | undefined {
    return this.#mail[0];
  }

  get newest(): Mail | undefined {
    return this.#mail.at(-1);
  }

  put(mail: Mail): void {
    this.#mail.push(mail);
    this.#records += mail.records;
    this.#bytes += mail.bytes;
  }

  /** Takes the oldest mail for as long as `wanted` says yes; the first is always taken. */
  takeOldest(wanted: (records: number, bytes: number) => boolean): Mail[] {
    let count = 0;
    let records = 0;
    let bytes = 0;
    for (const mail of this.#mail) {
      if (count > 0 && !wanted(records + mail.records, bytes + mail.bytes)) break;
      count++;
      records += mail.records;
      bytes += mail.bytes;
    }
    this.#records -= records;
    this.#bytes -= bytes;
    return this.#mail.splice(0, count);
  }

  /** Takes the newest mail back out. */
  takeNewest(): Mail | undefined {
    const mail = this.#mail.pop();
    if (mail === undefined) return undefined;
    this.#records -= mail.records;
    this.#bytes -= mail.bytes;
    return mail;
  }

  clear(): void {
    this.#mail = [];
    this.#records = 0;
    this.#bytes = 0;
  }
}
