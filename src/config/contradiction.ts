// Keys that contradict each other, as rules find them.

export interface Contradiction {
  /** The key to change. The message says where it was set. */
  readonly key: string;
  /** The other key. Where the first has its default, it is this one that was set. */
  readonly because?: string;
  readonly message: string;
}

/** One that holds where the condition is true. */
export const broken = (
  isBroken: boolean,
  key: string,
  because: string,
  message: () => string,
): Contradiction[] => (isBroken ? [{ key, because, message: message() }] : []);
