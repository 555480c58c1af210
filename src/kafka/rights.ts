// Asks the brokers what this user may do, before anything begins. With topics and groups they tell
// the authorized operations (KIP-430, Kafka 2.3). To ask needs no right of its own, and changes
// nothing. An older broker does not tell: then no right counts as missing.

import type { Kafka } from 'kafkajs';
import { pause } from '../time/timer.ts';
import { ASSIGNER } from './assigner.ts';
import type { KafkaSettings } from './client.ts';
import { type BareCluster, clusterOf } from './cluster-of.ts';
import { isDenied, protocolType } from './errors.ts';
import { newGroup } from './new-groups.ts';
import { groupInUse } from './refusal.ts';
import { protocolCodec } from './seam.ts';

export interface WantedRight {
  readonly resource: 'topic' | 'group' | 'transactional id';
  readonly name: string;
  readonly operation: 'Read' | 'Write' | 'Describe' | 'Delete';
}

/** The bit of each operation, as in Java's AclOperation. */
const BITS = { Read: 3, Write: 4, Delete: 6, Describe: 8 } as const;
const NOT_TOLD = -(2 ** 31);
const METADATA = { apiKey: 3, apiVersion: 8 };
const DESCRIBE_GROUPS = { apiKey: 15, apiVersion: 3 };
const TOPIC_DENIED = 29;
const GROUP_DENIED = 30;
const OF_TRANSACTIONS = 1;
/** A broker that has just started makes its topic of groups at the first request. */
const COORDINATOR_TRIES = 40;
const TRY_AGAIN_MS = 250;

interface Broker {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>>;
  readonly connectionPool: {
    send<T>(of: {
      readonly request: object;
      readonly response: { decode(answer: Buffer): Promise<T>; parse(decoded: T): Promise<T> };
    }): Promise<T>;
  };
  findGroupCoordinator(of: {
    readonly groupId: string;
    readonly coordinatorType: number;
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>;
  addPartitionsToTxn(of: object): Promise<unknown>;
}

interface AskedCluster extends BareCluster {
  readonly brokerPool: { readonly seedBroker: Broker };
  findBroker(node: { readonly nodeId: number }): Promise<Broker>;
}

interface Decoder {
  readInt32(): number;
  readInt16(): number;
  readBoolean(): boolean;
  readString(): string;
  readBytes(): Buffer;
  readArray<T>(read: (decoder: Decoder) => T): T[];
}

interface Encoder {
  writeArray(values: readonly string[]): Encoder;
  writeBoolean(value: boolean): Encoder;
}

/**
 * Resolves to the missing rights. Rejects with `GroupInUseError` if other clients use a wanted
 * group, and with the errors of kafkajs.
 */
export async function missingRights(kafka: Kafka, wanted: readonly WantedRight[]): Promise<WantedRight[]> {
  const cluster = clusterOf<AskedCluster>(kafka);
  await cluster.connect();
  try {
    const namesOf = (kind: WantedRight['resource']): string[] => [
      ...new Set(wanted.filter(({ resource }) => resource === kind).map(({ name }) => name)),
    ];
    const may = new Map<string, number>();
    const topics = await topicOperations(cluster.brokerPool.seedBroker, namesOf('topic'));
    for (const { name, operations } of topics) may.set(`topic ${name}`, operations);
    // kafkajs finds a broker only with a topic to ask for, and fails with a topic that does not
    // exist or that we may not see.
    const visible = topics.find(({ error }) => error === 0)?.name;
    if (visible !== undefined) {
      await cluster.addMultipleTargetTopics([visible]);
      for (const name of namesOf('group')) may.set(`group ${name}`, await groupOperations(cluster, name));
      for (const name of namesOf('transactional id'))
        may.set(`transactional id ${name}`, await transactionOperations(cluster, name));
    }
    return wanted.filter(({ resource, name, operation }) => {
      const operations = may.get(`${resource} ${name}`) ?? NOT_TOLD;
      return operations !== NOT_TOLD && (operations & (1 << BITS[operation])) === 0;
    });
  } finally {
    await cluster.disconnect();
  }
}

/** Null if the broker does not have that version. */
async function ask(
  broker: Broker,
  { apiKey, apiVersion }: { readonly apiKey: number; readonly apiVersion: number },
  write: (encoder: Encoder) => Encoder,
): Promise<Decoder | null> {
  if ((broker.versions[apiKey]?.maxVersion ?? 0) < apiVersion) return null;
  const { Encoder: EncoderClass, Decoder: DecoderClass } = protocolCodec<Encoder, Decoder>();
  const request = { apiKey, apiVersion, apiName: 'Rights', encode: async () => write(new EncoderClass()) };
  const response = {
    decode: async (raw: Buffer) => new DecoderClass(raw),
    parse: async (read: Decoder) => read,
  };
  return broker.connectionPool.send({ request, response });
}

interface TopicRights {
  readonly name: string;
  readonly error: number;
  /** One bit for each operation; 0 for a topic that we may not see. */
  readonly operations: number;
}

async function topicOperations(broker: Broker, topics: readonly string[]): Promise<TopicRights[]> {
  const answer = await ask(broker, METADATA, (encoder) =>
    encoder.writeArray(topics).writeBoolean(false).writeBoolean(false).writeBoolean(true),
  );
  if (answer === null) return [];
  answer.readInt32();
  answer.readArray((of) => [of.readInt32(), of.readString(), of.readInt32(), of.readString()]);
  answer.readString();
  answer.readInt32();
  const numbers = (of: Decoder): number[] => of.readArray((one) => one.readInt32());
  return answer.readArray((of) => {
    const error = of.readInt16();
    const name = of.readString();
    of.readBoolean();
    of.readArray((one) => {
      one.readInt16();
      for (let field = 0; field < 3; field++) one.readInt32();
      return [numbers(one), numbers(one), numbers(one)];
    });
    const operations = of.readInt32();
    return { name, error, operations: error === TOPIC_DENIED ? 0 : operations };
  });
}

async function groupOperations(cluster: AskedCluster, group: string): Promise<number> {
  const broker = await coordinatorOf(cluster, group, 0);
  if (broker === null) return 0;
  const answer = await ask(broker, DESCRIBE_GROUPS, (encoder) =>
    encoder.writeArray([group]).writeBoolean(true),
  );
  if (answer === null) return NOT_TOLD;
  answer.readInt32();
  const [found] = answer.readArray((of) => ({
    error: of.readInt16(),
    name: of.readString(),
    state: of.readString(),
    type: of.readString(),
    protocol: of.readString(),
    members: of.readArray((member) => {
      const [, client, host] = [member.readString(), member.readString(), member.readString()];
      member.readBytes();
      member.readBytes();
      return `${client} on ${host}`;
    }),
    operations: of.readInt32(),
  }));
  if (found === undefined) return NOT_TOLD;
  const { error, members, protocol, type } = found;
  if (error === GROUP_DENIED) return 0;
  const ofBrokers = await newGroup(broker, group);
  if (ofBrokers !== null) {
    const users = [...new Set(ofBrokers.members)].join(', ') || 'members who may not be seen';
    const text = `${users}; the brokers share the partitions by "${ofBrokers.assignor}", group.protocol=consumer`;
    throw groupInUse(group, ` (${text})`);
  }
  if (members.length > 0 && protocol !== '' && protocol !== ASSIGNER) {
    const users = [...new Set(members)].join(', ');
    throw groupInUse(group, ` (${users}; ${type} protocol "${protocol}", ours is "${ASSIGNER}")`);
  }
  return found.operations;
}

/**
 * Sends a request for a producer that does not exist. The broker checks the right to write first,
 * so the error tells whether we have it.
 */
async function transactionOperations(cluster: AskedCluster, transactionalId: string): Promise<number> {
  const broker = await coordinatorOf(cluster, transactionalId, OF_TRANSACTIONS);
  if (broker === null) return 0;
  try {
    await broker.addPartitionsToTxn({ transactionalId, producerId: -1, producerEpoch: -1, topics: [] });
  } catch (error) {
    if (isDenied(error)) return 0;
  }
  return NOT_TOLD;
}

/** Null if we may not even ask. */
async function coordinatorOf(
  cluster: AskedCluster,
  groupId: string,
  coordinatorType: number,
): Promise<Broker | null> {
  for (let tries = 1; ; tries++) {
    try {
      const of = { groupId, coordinatorType };
      const { coordinator } = await cluster.brokerPool.seedBroker.findGroupCoordinator(of);
      return await cluster.findBroker(coordinator);
    } catch (error) {
      if (isDenied(error)) return null;
      if (protocolType(error) !== 'GROUP_COORDINATOR_NOT_AVAILABLE' || tries === COORDINATOR_TRIES)
        throw error;
      await pause(TRY_AGAIN_MS);
    }
  }
}

export const wordsOf = ({ resource, name, operation }: WantedRight): string =>
  `${operation} on ${resource} "${name}"`;

/** The rights that `run` needs. A right to read or write includes the right to describe. */
export function rightsToRun(settings: KafkaSettings, topics: Topics): WantedRight[] {
  const { input, outputs } = topics;
  const prefix = settings['transactional.id'];
  return [
    { resource: 'topic', name: input, operation: 'Read' },
    ...outputs.map((name) => ({ resource: 'topic', name, operation: 'Write' }) as const),
    { resource: 'group', name: settings['group.id'], operation: 'Read' },
    ...(prefix === undefined
      ? []
      : [{ resource: 'transactional id', name: `${prefix}-${input}-0`, operation: 'Write' } as const]),
  ];
}

/**
 * The rights that are needed to look at the topics. The broker itself forgets the groups that we
 * may not delete.
 */
export function rightsToLook(
  settings: KafkaSettings,
  topics: readonly string[],
  purpose: string,
): WantedRight[] {
  return [
    ...topics.map((name) => ({ resource: 'topic', name, operation: 'Read' }) as const),
    { resource: 'group', name: `${settings['group.id']}-${purpose}-${process.pid}-0`, operation: 'Read' },
  ];
}

interface Topics {
  readonly input: string;
  readonly outputs: readonly string[];
}
