// PEM files as others write them: one that is written at this moment is empty, or ends somewhere.

const count = (text: string, mark: RegExp): number => text.match(mark)?.length ?? 0;

/** Whether there is a block in it, and each block has its end. OpenSSL does not ask for either. */
export function isWholePem(text: string): boolean {
  const begun = count(text, /^-----BEGIN /gm);
  return begun > 0 && begun === count(text, /^-----END /gm);
}
