// Offsets as branded numbers, so that "the offset of a record" and "the offset to go on from"
// cannot be mixed up. A double holds every offset up to 2^53 exactly; reading a larger one is an
// error, not a wrong offset.

/** The offset of one record. */
export type Offset = number & { readonly brand: 'Offset' };

/**
 * The offset to go on from: one past the last record covered. This file is the only place that adds
 * the one.
 */
export type NextOffset = number & { readonly brand: 'NextOffset' };

export const offset = (value: number): Offset => {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an offset: ${value}`);
  return value as Offset;
};

/** The position that starts with the record at `first`. */
export const startingAt = (first: number): NextOffset => offset(first) as number as NextOffset;

/** The position after the record at `last`. */
export const nextAfter = (last: Offset): NextOffset => ((last as number) + 1) as NextOffset;

/** The offsets from one up to, and without, another. */
export interface OffsetRange {
  readonly from: number;
  readonly until: number;
}
