// What a load source sends: a key and a map of fields. The timestamp is added when it is sent.

export interface LoadRecord {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
