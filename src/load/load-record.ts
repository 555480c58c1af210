// What a load source sends: a key and a map of fields. Timestamps are given when it is sent.

export interface LoadRecord {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
