// Holds the results of a run against its input: every record has a result, in order, and a sample
// of scores is what the model gives in double precision. Record n of the workload names itself, so
// nothing of the input needs to be read.

import { codecs, type Format } from '../../src/codec/codecs.ts';
import type { Fetched } from '../../src/log/ports.ts';
import { readRange } from '../../src/log/read-range.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { forward, type Mlp, mlp } from '../models/mlp.ts';
import { featuresOf } from '../workload.ts';
import type { BenchLog, Job } from './log.ts';
import { VoidRunError } from './result.ts';

export interface Expected {
  readonly job: Job;
  /** How many records were sent, numbered from 0. */
  readonly sent: number;
  /** How many of them at least must have a result. */
  readonly scored: number;
  readonly format: Format;
  readonly model: string;
  /**
   * Called for each record's first result, with when a reader with `read_committed` could see it:
   * its timestamp, or that of the marker which ends its transaction.
   */
  readonly onResult?: (number: number, timestampMs: number) => void;
  /** Where versions of the model take turns: by its name, the model of each. */
  readonly versions?: ReadonlyMap<string, Mlp>;
  /** Called for each record's first result, in the order of the output. */
  readonly onValue?: (result: ReadResult) => void;
}

export interface ReadResult {
  readonly number: number;
  readonly value: Buffer;
  readonly partition: number;
  /** The record batch that it stands in, by its first offset. */
  readonly batch: number;
  readonly timestampMs: number;
}

export interface Audit {
  readonly results: number;
  readonly repeats: number;
  readonly sampled: number;
  /** The largest difference of a sampled score from its reference. */
  readonly worstDifference: number;
}

const ID = Buffer.from('tx-');
const DIGITS = 12;
const SAMPLE_EVERY = 1_009;
/** Of float32 backends against a reference in double precision. */
const TOLERANCE = 1e-4;
const INFLATED_BYTES_MAX = 2 ** 26;

/** Rejects with `VoidRunError` when the output is not what it has to be. */
export async function audit(log: BenchLog, expected: Expected): Promise<Audit> {
  const { job, scored } = expected;
  const dead = (await log.ends(job.deadLetters)).reduce((sum, { logEnd }) => sum + logEnd, 0);
  if (dead > 0) throw new VoidRunError(`${dead} records became dead letters: all of them could be scored`);
  const ends = await log.ends(job.output);
  const results = ends.reduce((sum, { logEnd }) => sum + logEnd, 0);
  if (results < scored) throw new VoidRunError(`${results} results for ${scored} records`);
  const isWhole = ends.every(({ logStart }) => logStart === 0);
  const reading = new Reading(expected);
  const ranges = ends.map(({ logStart, logEnd }) => ({ from: logStart, until: logEnd }));
  await readRange(log.openSource(job.output, `audit-${process.pid}-${Date.now()}`), ranges, (fetched) =>
    reading.take(fetched),
  );
  if (isWhole && reading.distinct < scored)
    throw new VoidRunError(`only ${reading.distinct} of ${scored} records have a result`);
  const { repeats, sampled, worstDifference } = reading;
  if (!(worstDifference <= TOLERANCE))
    throw new VoidRunError(`a score differs by ${worstDifference} from the reference`);
  return { results, repeats, sampled, worstDifference };
}

class Reading {
  readonly #expected: Expected;
  readonly #seen: Uint8Array;
  readonly #highest = new Map<number, number>();
  readonly #model: Mlp;
  /** Results of transactions whose end was not read yet, by partition and producer. */
  readonly #uncommitted = new Map<string, number[]>();
  distinct = 0;
  repeats = 0;
  sampled = 0;
  worstDifference = 0;

  constructor(expected: Expected) {
    this.#expected = expected;
    this.#seen = new Uint8Array(expected.sent);
    this.#model = mlp(expected.model);
  }

  take({ partition, batches }: Fetched): void {
    const { onResult, onValue } = this.#expected;
    for (const batch of batches) {
      const { header } = batch;
      const key = `${partition} ${header.producerId}`;
      if (batch.skip) {
        if (header.control) this.#committed(key, Number(header.maxTimestamp));
        continue;
      }
      const records = openRecordBatch(batch, INFLATED_BYTES_MAX);
      while (records.next()) {
        const value = Buffer.from(
          records.bytes.buffer,
          records.bytes.byteOffset + records.valueStart,
          records.valueEnd - records.valueStart,
        );
        const number = this.#record(partition, value);
        if (number === null) continue;
        const { timestampMs } = records;
        onValue?.({ number, value, partition, batch: Number(header.baseOffset), timestampMs });
        if (!header.transactional) onResult?.(number, timestampMs);
        else if (this.#uncommitted.get(key)?.push(number) === undefined) this.#uncommitted.set(key, [number]);
      }
    }
  }

  #committed(key: string, atMs: number): void {
    for (const number of this.#uncommitted.get(key) ?? []) this.#expected.onResult?.(number, atMs);
    this.#uncommitted.delete(key);
  }

  /** The number of the record; null if it has had a result before. */
  #record(partition: number, value: Buffer): number | null {
    const { sent } = this.#expected;
    const number = numberIn(value);
    if (!(number < sent)) throw new VoidRunError(`a result has no id of the input: ${value.toString('hex')}`);
    if (this.#seen[number] === 1) {
      this.repeats++;
      return null;
    }
    this.#seen[number] = 1;
    this.distinct++;
    if (number < (this.#highest.get(partition) ?? -1))
      throw new VoidRunError(`partition ${partition}: the result of record ${number} is out of order`);
    this.#highest.set(partition, number);
    if (this.distinct % SAMPLE_EVERY === 1) this.#check(number, value);
    return number;
  }

  #check(number: number, value: Buffer): void {
    const { format, versions } = this.#expected;
    const decoded = codecs[format].decode(value, 0, value.length) as Readonly<Record<string, unknown>>;
    const { score, version } = decoded;
    const model = versions === undefined ? this.#model : versions.get(String(version));
    if (model === undefined) throw new VoidRunError(`record ${number} was scored by version ${version}`);
    const wanted = forward(model, featuresOf(number, this.#model.width));
    const difference = typeof score === 'number' ? Math.abs(score - wanted) : Number.NaN;
    if (!(difference <= this.worstDifference)) this.worstDifference = difference;
    this.sampled++;
  }
}

/** The number in `tx-000000000123`. NaN when there is none. */
function numberIn(value: Buffer): number {
  const at = value.indexOf(ID);
  if (at < 0) return Number.NaN;
  let number = 0;
  for (let digit = at + ID.length; digit < at + ID.length + DIGITS; digit++) {
    number = number * 10 + (value[digit] ?? Number.NaN) - 0x30;
  }
  return number;
}
