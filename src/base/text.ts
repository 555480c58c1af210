// Reads text from bytes: short text, and nearly always ASCII.

export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let byteAt = start; byteAt < end; byteAt++) if ((bytes[byteAt] as number) >= 0x80) return false;
  return true;
}

/** Reads each byte as one character. */
export const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
