// Who is in a group of the newer protocol (KIP-848, Kafka 4), in which the brokers assign the
// partitions. The older request tells nothing about such a group, and the group refuses a member
// like ours with an error that names no cause.

import { FlexibleReader, FlexibleWriter } from './flexible.ts';

const CONSUMER_GROUP_DESCRIBE = { apiKey: 69, apiVersion: 0 };
/** The group has members, but we may not see their topics. */
const TOPIC_DENIED = 29;

interface AskedBroker {
  readonly versions: Readonly<Record<number, unknown>>;
  readonly connectionPool: {
    send<T>(of: {
      readonly request: object;
      readonly response: { decode(answer: Buffer): Promise<T>; parse(decoded: T): Promise<T> };
    }): Promise<T>;
  };
}

export interface NewGroup {
  /** Each as "client on host", as far as the broker tells it. */
  readonly members: readonly string[];
  readonly assignor: string;
}

/** Null where the broker does not know the group, or the group is empty. */
export async function newGroup(broker: AskedBroker, group: string): Promise<NewGroup | null> {
  if (broker.versions[CONSUMER_GROUP_DESCRIBE.apiKey] === undefined) return null;
  const request = {
    ...CONSUMER_GROUP_DESCRIBE,
    apiName: 'ConsumerGroupDescribe',
    async encode() {
      const body = new FlexibleWriter();
      body.array([group], (name) => body.string(name)).boolean(false);
      return { pieces: [body.noTags().written] };
    },
  };
  const [found] = await broker.connectionPool.send({
    request,
    response: {
      decode: async (answer) => readGroups(new FlexibleReader(answer)),
      parse: async (decoded) => decoded,
    },
  });
  if (found === undefined) return null;
  const { error, members, assignor } = found;
  return members.length > 0 || error === TOPIC_DENIED ? { members, assignor } : null;
}

function readGroups(answer: FlexibleReader) {
  const assignment = (): void => {
    answer.array(() => {
      answer.topicId();
      answer.string();
      answer.array(() => answer.int32());
      answer.skipTags();
    });
    answer.skipTags();
  };
  answer.int32();
  return answer.array(() => {
    const error = answer.int16();
    // Skipped: a message, the group, its state, its epoch and the epoch of its assignment.
    for (let text = 0; text < 3; text++) answer.string();
    for (let epoch = 0; epoch < 2; epoch++) answer.int32();
    const assignor = answer.string() ?? '';
    const members = answer.array(() => {
      // Skipped: the ids of the member, its instance and its rack, and its epoch.
      for (let text = 0; text < 3; text++) answer.string();
      answer.int32();
      const [client, host] = [answer.string(), answer.string()];
      answer.array(() => answer.string());
      answer.string();
      assignment();
      assignment();
      answer.skipTags();
      return `${client} on ${host}`;
    });
    answer.int32();
    answer.skipTags();
    return { error, members, assignor };
  });
}
