// Spoils a share of the records in the ways in which real streams are spoilt: to see that each
// costs only itself.

import type { Codec } from '../codec/codec.ts';
import type { LoadRecord } from './load-record.ts';
import type { Random } from './random.ts';

export const SPOILS = [
  'random bytes',
  'missing field',
  'not a number',
  'text for a number',
  'truncated',
] as const;

/**
 * Encodes a record spoilt in one of the five ways, in turn of `which`. `field` is one that the
 * model needs.
 */
export function spoil(
  record: LoadRecord,
  codec: Codec,
  field: string,
  which: number,
  random: Random,
): Uint8Array {
  const { [field]: _, ...without } = record.value;
  switch (SPOILS[which % SPOILS.length]) {
    case 'random bytes':
      return Uint8Array.from({ length: 40 }, (_, index) => (index === 0 ? 0xc1 : random.below(256)));
    case 'missing field':
      return codec.encode(without);
    case 'not a number':
      return codec.encode({ ...without, [field]: Number.NaN });
    case 'text for a number':
      return codec.encode({ ...without, [field]: '12.5' });
    default:
      return codec.encode(record.value).subarray(0, -5);
  }
}
