// Adds a version of a request to those that kafkajs knows.

/** How kafkajs keeps all versions of a request, as far as used here. */
export interface RequestModule<A> {
  readonly versions: readonly string[];
  protocol(of: { readonly version: number }): (given: A) => Protocol;
}

export interface Protocol {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<unknown>;
  };
  readonly response: {
    decode(answer: Buffer): Promise<unknown>;
    parse(decoded: unknown): Promise<unknown>;
  };
  readonly requestTimeout?: number;
}

/**
 * kafkajs takes the latest version that both it and the broker have. So an older broker gets one of
 * kafkajs's own versions.
 */
export function withVersion<A>(
  { versions, protocol }: RequestModule<A>,
  added: number,
  make: (of: A, latest: () => Protocol) => Protocol,
): RequestModule<A> {
  const latest = protocol({ version: Math.max(...versions.map(Number)) });
  return {
    versions: [...versions, String(added)],
    protocol: ({ version }) => {
      if (version === added) return (given) => make(given, () => latest(given));
      return protocol({ version }) ?? latest;
    },
  };
}
