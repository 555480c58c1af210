// Reads and writes the parts of requests and answers in Kafka's flexible versions (KIP-482):
// compact strings and arrays, topic ids, tagged fields. kafkajs knows only the older versions, and
// the little that its decoder has of the newer ones reads one byte too many.

/** An id as Kafka prints it: 22 characters of base64url. Null for no id. */
export type TopicId = string | null;

const ID_BYTES = 16;
const NONE = Buffer.alloc(ID_BYTES);
const GROWTH_BYTES = 512;

export class FlexibleReader {
  readonly #bytes: Buffer;
  #byteAt = 0;

  /** `answer`: its header ends with tagged fields. */
  constructor(answer: Buffer) {
    this.#bytes = answer;
    this.skipTags();
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }

  /** As text, as in kafkajs. */
  int64(): string {
    return String(this.#bytes.readBigInt64BE(this.#advance(8)));
  }

  /** The length is written plus one; 0 is null. */
  bytes(): Buffer | null {
    const length = this.#unsigned() - 1;
    if (length < 0) return null;
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  string(): string | null {
    return this.bytes()?.toString() ?? null;
  }

  topicId(): TopicId {
    const start = this.#advance(ID_BYTES);
    const id = this.#bytes.subarray(start, start + ID_BYTES);
    return id.equals(NONE) ? null : id.toString('base64url');
  }

  array<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.#unsigned() - 1) }, read);
  }

  skipTags(): void {
    for (let left = this.#unsigned(); left > 0; left--) {
      this.#unsigned();
      this.#advance(this.#unsigned());
    }
  }

  #unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#advance(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  #advance(count: number): number {
    const start = this.#byteAt;
    this.#byteAt += count;
    if (this.#byteAt > this.#bytes.length) throw new RangeError('the answer ends too early');
    return start;
  }
}

export class FlexibleWriter {
  #bytes = Buffer.allocUnsafe(GROWTH_BYTES);
  #end = 0;

  /** Begins the body of a request, after a header that ends with tagged fields. */
  constructor() {
    this.noTags();
  }

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int8(value: number): this {
    const byteAt = this.#room(1);
    this.#bytes.writeInt8(value, byteAt);
    return this;
  }

  int32(value: number): this {
    const byteAt = this.#room(4);
    this.#bytes.writeInt32BE(value, byteAt);
    return this;
  }

  int64(value: string): this {
    const byteAt = this.#room(8);
    this.#bytes.writeBigInt64BE(BigInt(value), byteAt);
    return this;
  }

  string(value: string): this {
    const bytes = Buffer.from(value);
    this.#unsigned(bytes.length + 1);
    return this.#put(bytes);
  }

  topicId(id: TopicId): this {
    return this.#put(id === null ? NONE : Buffer.from(id, 'base64url'));
  }

  /** Null is not the same as an empty array. */
  array<T>(values: readonly T[] | null, write: (value: T) => void): this {
    this.#unsigned((values?.length ?? -1) + 1);
    for (const value of values ?? []) write(value);
    return this;
  }

  noTags(): this {
    return this.int8(0);
  }

  #unsigned(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) + 0x80);
    this.#byte(rest);
  }

  #byte(value: number): void {
    const byteAt = this.#room(1);
    this.#bytes[byteAt] = value;
  }

  #put(bytes: Buffer): this {
    const byteAt = this.#room(bytes.length);
    bytes.copy(this.#bytes, byteAt);
    return this;
  }

  /** May replace the buffer by a larger one: call it first, then write. */
  #room(count: number): number {
    const start = this.#end;
    this.#end += count;
    if (this.#end > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.allocUnsafe(Math.max(GROWTH_BYTES, this.#end))]);
    return start;
  }
}
