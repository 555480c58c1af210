// Copies a few dozen bytes. Workers write mostly such small pieces, and a call into native code
// would cost more than the copy.

/** Up to so many bytes a loop is faster than the call into native code. */
const LOOP_BYTES_MAX = 24;
/** The same for a loop over words. */
const WORDS_BYTES_MAX = 256;

/** Copies `source[start .. end)` to `target[byteAt ..]`; returns the position behind it. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  byteAt: number,
): number {
  if (end - start <= LOOP_BYTES_MAX) {
    for (let from = start; from < end; from++) target[byteAt++] = source[from] as number;
    return byteAt;
  }
  target.set(source.subarray(start, end), byteAt);
  return byteAt + end - start;
}

/** The same on views, four bytes at a time. */
export function copyWords(
  source: DataView,
  start: number,
  end: number,
  target: DataView,
  byteAt: number,
): number {
  if (end - start > WORDS_BYTES_MAX) {
    bytesOf(target).set(bytesOf(source).subarray(start, end), byteAt);
    return byteAt + end - start;
  }
  let from = start;
  for (; from + 4 <= end; from += 4, byteAt += 4) target.setInt32(byteAt, source.getInt32(from, true), true);
  for (; from < end; from++, byteAt++) target.setInt8(byteAt, source.getInt8(from));
  return byteAt;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: DataView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
