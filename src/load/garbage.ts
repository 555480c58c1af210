// Spoils a share of the records, in the ways that happen in real streams. A spoilt record must do
// no harm to other records.

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
 * Encodes a record that is spoilt in one of five ways; `which` counts through them. `field` is a
 * field that the model needs.
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
