// What a load source sends: a key and a map of fields. The timestamp is added when it is sent.

export interface LoadRecord {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** The value as it stands in a file of JSON. */
  readonly json?: Uint8Array;
}

/** Where the records come from. */
export interface LoadRecords {
  /** Resolves to the next records: at most so many, and none at the end. */
  take(count: number): Promise<readonly LoadRecord[]>;
}

/** Records that are generated, without an end. */
export const endless = (records: Iterator<LoadRecord>): LoadRecords => ({
  take: async (count) => Array.from({ length: count }, () => records.next().value as LoadRecord),
});
