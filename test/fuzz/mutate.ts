// Damages bytes in the ways that find faults in decoders: single bits, numbers at the edges, bytes
// taken out, put in, repeated, and parts of another valid input.

import type { Random } from '../../src/load/random.ts';

const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xc0, 0xc1, 0xd9, 0xdf, 0xfe, 0xff, 0x22, 0x5b, 0x5c, 0x7b];
/** Lengths that a decoder may not have thought of. */
const LENGTHS = [-1, -2, -4, -5, -8, 0, 1, 0x7f, 0xffff, 2 ** 31 - 1, -(2 ** 31)];

/** A damaged copy. `other` lends its bytes. */
export function mutate(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let mutant = Uint8Array.from(bytes);
  for (let times = 1 + random.below(4); times > 0; times--) mutant = once(mutant, other, random);
  return mutant;
}

function once(bytes: Uint8Array<ArrayBuffer>, other: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const at = random.below(bytes.byteLength + 1);
  const length = 1 + random.below(random.next() < 0.5 ? 4 : 64);
  const spliced = (middle: Uint8Array, from: number): Uint8Array<ArrayBuffer> =>
    new Uint8Array(Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(from)]));
  switch (random.below(7)) {
    case 0:
      if (at < bytes.byteLength) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      return bytes;
    case 1:
      if (at < bytes.byteLength) bytes[at] = EDGES[random.below(EDGES.length)] as number;
      return bytes;
    case 2: {
      const number = Buffer.alloc(4);
      number.writeInt32BE(LENGTHS[random.below(LENGTHS.length)] as number);
      return spliced(number, at + 4);
    }
    case 3:
      return bytes.slice(0, at);
    case 4:
      return spliced(new Uint8Array(0), at + length);
    case 5:
      return spliced(bytes.subarray(at, at + length), at);
    default: {
      const from = random.below(other.byteLength + 1);
      return spliced(other.subarray(from, from + length), at + (random.next() < 0.5 ? 0 : length));
    }
  }
}
