// Offsets as branded numbers, so that "the offset of a record" and "the offset to go on from"
// cannot be mixed up. A double holds every offset up to 2^53 exactly. To read a larger offset is an
// error, so that there are no wrong offsets.

/** The offset of one record. */
export type Offset = number & { readonly brand: 'Offset' };

/** The offset to go on from: the last offset that is done, plus 1. Only this file adds the 1. */
export type NextOffset = number & { readonly brand: 'NextOffset' };

export const offset = (value: number): Offset => {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an offset: ${value}`);
  return value as Offset;
};

/** The position of the record at `first`. */
export const startingAt = (first: number): NextOffset => offset(first) as number as NextOffset;

/** The position after the record at `last`. */
export const nextAfter = (last: Offset): NextOffset => ((last as number) + 1) as NextOffset;

/** The offsets from `from` up to `until`; `until` itself is outside. */
export interface OffsetRange {
  readonly from: number;
  readonly until: number;
}
