// What a comparison wants to know of a result: its score, its label, and the record that it came
// from. Nothing is made for a record but numbers.

import { avroNameOf } from '../answers/avro-result-schema.ts';
import { SOURCE_OFFSET } from '../answers/source-headers.ts';
import { AvroReader } from '../codec/avro.ts';
import type { Codec } from '../codec/codec.ts';
import { codecs, type Format } from '../codec/codecs.ts';
import { MsgpackWalker } from '../codec/msgpack-walk.ts';
import type { RecordView } from '../log/record-batch-reader.ts';

/** The names of fields in results; null for what is not wanted. */
export interface ResultNames {
  readonly score: string;
  readonly label: string | null;
  readonly id: string | null;
}

/** Whether a record has the label. */
export const LABEL = { negative: 0, positive: 1, absent: 2, unreadable: 3 } as const;
export type Label = (typeof LABEL)[keyof typeof LABEL];

/** 1, true, "1" and "true" say that it has; 0, false, "0" and "false" that it has not. */
export function labelOf(value: unknown): Label {
  if (value === undefined || value === null) return LABEL.absent;
  const text = String(value);
  if (text === '1' || text === 'true') return LABEL.positive;
  return text === '0' || text === 'false' ? LABEL.negative : LABEL.unreadable;
}

/** Reads one result after the other. */
export interface ResultReader {
  /** NaN where the result has no number by that name. */
  readonly score: number;
  readonly label: Label;
  read(result: RecordView): void;
  /** The id of a result, as text; null where there is none. */
  idOf(bytes: Uint8Array, start: number, end: number): string | null;
}

export const resultReader = (format: Format, names: ResultNames): ResultReader =>
  format === 'msgpack' ? new MsgpackResults(names) : new DecodedResults(codecs[format], names);

/** Of results of that Avro schema, each behind a frame of so many bytes. Throws `SchemaError`. */
export function avroResultReader(schema: string, frameBytes: number, names: ResultNames): ResultReader {
  const reader = new AvroReader({ framing: 'plain', schema, writers: [], schemasMax: 1 });
  const named = (name: string | null): string | null => (name === null ? null : avroNameOf(name));
  return new DecodedResults(
    { decode: (bytes, start, end) => reader.decode(bytes, start + frameBytes, end) },
    { score: avroNameOf(names.score), label: named(names.label), id: named(names.id) },
  );
}

/** Decodes all of a result. */
class DecodedResults implements ResultReader {
  score = Number.NaN;
  label: Label = LABEL.absent;
  readonly #codec: Pick<Codec, 'decode'>;
  readonly #names: ResultNames;

  constructor(codec: Pick<Codec, 'decode'>, names: ResultNames) {
    this.#codec = codec;
    this.#names = names;
  }

  read({ bytes, valueStart, valueEnd }: RecordView): void {
    const found = this.#decoded(bytes, valueStart, valueEnd);
    const score = found[this.#names.score];
    this.score = typeof score === 'number' ? score : Number.NaN;
    this.label = this.#names.label === null ? LABEL.absent : labelOf(found[this.#names.label]);
  }

  idOf(bytes: Uint8Array, start: number, end: number): string | null {
    const id = this.#names.id === null ? undefined : this.#decoded(bytes, start, end)[this.#names.id];
    return id === undefined || id === null ? null : String(id);
  }

  #decoded(bytes: Uint8Array, start: number, end: number): Readonly<Record<string, unknown>> {
    return this.#codec.decode(bytes, start, end) as Readonly<Record<string, unknown>>;
  }
}

/** Walks over a result, and reads only what is wanted. */
class MsgpackResults extends DecodedResults {
  readonly #walker = new MsgpackWalker();
  readonly #score: Buffer;
  readonly #label: Buffer | null;

  constructor(names: ResultNames) {
    super(codecs.msgpack, names);
    this.#score = Buffer.from(names.score);
    this.#label = names.label === null ? null : Buffer.from(names.label);
  }

  override read({ bytes, valueStart, valueEnd }: RecordView): void {
    const walker = this.#walker;
    walker.reset(bytes, valueStart, valueEnd);
    this.score = Number.NaN;
    this.label = LABEL.absent;
    let wanted = this.#label === null ? 1 : 2;
    for (let left = walker.readMapSize(); left > 0 && wanted > 0; left--) {
      const size = walker.readStringSize();
      const keyAt = walker.advance(size);
      if (isText(bytes, keyAt, size, this.#score)) {
        if (walker.readNumber()) this.score = walker.value;
        else walker.skip();
        wanted--;
      } else if (this.#label !== null && isText(bytes, keyAt, size, this.#label)) {
        const start = walker.byteAt;
        if (walker.readNumber()) this.label = labelOf(walker.value);
        else {
          walker.skip();
          this.label = labelOf(codecs.msgpack.decode(bytes, start, walker.byteAt));
        }
        wanted--;
      } else walker.skip();
    }
  }
}

function isText(bytes: Uint8Array, start: number, size: number, text: Uint8Array): boolean {
  if (size !== text.length) return false;
  for (let index = 0; index < size; index++) if (bytes[start + index] !== text[index]) return false;
  return true;
}

const [ZERO, NINE] = [0x30, 0x39];

/**
 * The offset of the record that a result came from: the digits at the end of its headers, of which
 * that one is the last. Throws `TypeError` where it is not.
 */
export function sourceOffsetOf({ bytes, headersStart, headersEnd }: RecordView): number {
  let offset = 0;
  let factor = 1;
  let byteAt = headersEnd - 1;
  for (; byteAt >= headersStart; byteAt--) {
    const digit = bytes[byteAt] as number;
    if (digit < ZERO || digit > NINE) break;
    offset += (digit - ZERO) * factor;
    factor *= 10;
  }
  if (factor === 1) throw new TypeError(`a result whose last header is not ${SOURCE_OFFSET}`);
  return offset;
}
