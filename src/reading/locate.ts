// Finds where values stand in the bytes of a record, by their paths. So an id is copied into its
// result exactly as it was written, also if its record had to be decoded. The record was decoded or
// walked before: damaged records were refused by then.

import { codecs } from '../codec/codecs.ts';
import { JsonError } from '../codec/json-error.ts';
import { JsonWalker } from '../codec/json-walk.ts';
import { MsgpackWalker } from '../codec/msgpack-walk.ts';
import type { Path } from '../features/path.ts';

export const ABSENT = -1;

/** Walks lists and maps in the same way. */
interface Entries {
  readonly byteAt: number;
  begin(bytes: Uint8Array, start: number, end: number): void;
  skip(): void;
  /**
   * Calls `visit`, which moves past its value, for each entry of a list or map. For any other value
   * it does nothing and returns false.
   */
  each(visit: (step: string) => void): boolean;
}

export const entriesOf = {
  json: (nestingMax: number): Entries => new JsonEntries(nestingMax),
  msgpack: (nestingMax: number): Entries => new MsgpackEntries(nestingMax),
};

interface Node {
  readonly places: number[];
  readonly below: Map<string, Node>;
}

const newNode = (): Node => ({ places: [], below: new Map() });

export class Locator {
  readonly #entries: Entries;
  readonly #root = newNode();
  readonly #starts: number[];
  readonly #ends: number[];

  constructor(entries: Entries, paths: readonly Path[]) {
    this.#entries = entries;
    this.#starts = paths.map(() => ABSENT);
    this.#ends = paths.map(() => ABSENT);
    paths.forEach((path, place) => {
      let node = this.#root;
      for (const step of path) {
        const next = node.below.get(step) ?? newNode();
        node.below.set(step, next);
        node = next;
      }
      node.places.push(place);
    });
  }

  /**
   * Looks at the value in `bytes[start .. end)`. Returns where each path leads: start and end, or
   * -1 twice. Returns null for a value that could be read but is not in the format, such as NaN in
   * JSON.
   */
  locate(bytes: Uint8Array, start: number, end: number): Int32Array | null {
    this.#entries.begin(bytes, start, end);
    this.#forget(this.#root);
    try {
      this.#visit(this.#root);
    } catch (error) {
      if (error instanceof JsonError) return null;
      throw error;
    }
    return Int32Array.from(this.#starts.flatMap((from, place) => [from, this.#ends[place] as number]));
  }

  #visit(node: Node): void {
    const entries = this.#entries;
    if (node.below.size === 0) {
      entries.skip();
      return;
    }
    const isEntered = entries.each((step) => {
      const next = node.below.get(step);
      if (next === undefined) {
        entries.skip();
        return;
      }
      // Of a repeated key only the last one counts.
      this.#forget(next);
      const start = entries.byteAt;
      this.#visit(next);
      for (const place of next.places) {
        this.#starts[place] = start;
        this.#ends[place] = entries.byteAt;
      }
    });
    if (!isEntered) entries.skip();
  }

  #forget(node: Node): void {
    for (const place of node.places) {
      this.#starts[place] = ABSENT;
      this.#ends[place] = ABSENT;
    }
    for (const next of node.below.values()) this.#forget(next);
  }
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

class JsonEntries implements Entries {
  readonly #walker: JsonWalker;

  constructor(nestingMax: number) {
    this.#walker = new JsonWalker(nestingMax);
  }

  get byteAt(): number {
    return this.#walker.byteAt;
  }

  begin(bytes: Uint8Array, start: number, end: number): void {
    const isMarked = BYTE_ORDER_MARK.every((byte, index) => bytes[start + index] === byte);
    this.#walker.reset(bytes, isMarked ? start + BYTE_ORDER_MARK.length : start, end);
  }

  skip(): void {
    this.#walker.skip();
  }

  each(visit: (step: string) => void): boolean {
    const walker = this.#walker;
    if (walker.enterMap()) {
      for (let isFirst = true; walker.nextKey(isFirst) >= 0; isFirst = false) visit(walker.keyText());
      return true;
    }
    if (!walker.enterList()) return false;
    for (let index = 0; walker.nextElement(index === 0); index++) visit(String(index));
    return true;
  }
}

class MsgpackEntries implements Entries {
  readonly #walker: MsgpackWalker;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(nestingMax: number) {
    this.#walker = new MsgpackWalker(nestingMax);
  }

  get byteAt(): number {
    return this.#walker.byteAt;
  }

  begin(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#walker.reset(bytes, start, end);
  }

  skip(): void {
    this.#walker.skip();
  }

  each(visit: (step: string) => void): boolean {
    const walker = this.#walker;
    const entries = walker.readMapSize();
    for (let entry = 0; entry < entries; entry++) {
      const size = walker.readStringSize();
      if (size < 0) visit(this.#name());
      else {
        const byteAt = walker.advance(size);
        visit(this.#bytes.toString('utf8', byteAt, byteAt + size));
      }
    }
    if (entries >= 0) return true;
    const elements = walker.readArraySize();
    for (let index = 0; index < elements; index++) visit(String(index));
    return elements >= 0;
  }

  /** The name of a key that is not text. */
  #name(): string {
    const { byteAt } = this.#walker;
    this.#walker.skip();
    return String(codecs.msgpack.decode(this.#bytes, byteAt, this.#walker.byteAt));
  }
}
