// Static membership (KIP-345): a member with a name of its own comes back under that name after a
// restart, and has its partitions again at once; the group does not rebalance. kafkajs has the
// versions of the protocol for it, and no way to give the name: its coordinator is wrapped, so that
// the requests of the group carry it.
// https://cwiki.apache.org/confluence/display/KAFKA/KIP-345%3A+Introduce+static+membership+protocol+to+reduce+consumer+rebalances

import { ScorelaneError } from '../base/errors.ts';

/** Another process has joined the group under our `kafka.group.instance.id`. Exit code 78. */
export class InstanceFencedError extends ScorelaneError {
  readonly code = 'SCORELANE_INSTANCE_FENCED';
}

type CreateRequest = (options: object) => unknown;

/** kafkajs's broker, as far as used. */
export interface Coordinator {
  /** How a request is made, in the latest version that both sides have. */
  readonly lookupRequest: (apiKey: number, definition: object) => CreateRequest;
}

const JOIN_GROUP = 11;
/** Join, heartbeat and sync. Commits need no name: the broker knows the member by its id. */
const OF_THE_GROUP: ReadonlySet<number> = new Set([JOIN_GROUP, 12, 14]);
/** The first version of JoinGroup with a name: Kafka 2.3. */
const NAMED_SINCE = 5;

/** The same coordinator. What is sent through it to the group carries that name. */
export function asStaticMember<C extends Coordinator>(coordinator: C, groupInstanceId: string): C {
  return Object.create(coordinator, {
    lookupRequest: {
      // kafkajs sets it anew with each connection.
      get(): Coordinator['lookupRequest'] {
        const { lookupRequest } = coordinator;
        return (apiKey, definition) => {
          const create = lookupRequest(apiKey, definition);
          if (!OF_THE_GROUP.has(apiKey)) return create;
          return (options) => named(create({ ...options, groupInstanceId }), apiKey);
        };
      },
    },
  }) as C;
}

/** Throws where the broker is too old to be told a name. */
function named<T>(made: T, apiKey: number): T {
  const { apiVersion } = (made as { readonly request: { readonly apiVersion: number } }).request;
  if (apiKey === JOIN_GROUP && apiVersion < NAMED_SINCE)
    throw new InstanceFencedError('kafka.group.instance.id: the broker must be Kafka 2.3 or later');
  return made;
}

export const instanceFenced = (group: string, instance: string, cause: unknown): InstanceFencedError =>
  new InstanceFencedError(
    `another process has joined the group "${group}" as kafka.group.instance.id "${instance}": each instance needs an id of its ` +
      'own that it keeps when it is started again',
    { cause },
  );
