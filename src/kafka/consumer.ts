// kafkajs's consumer and its waits with our settings: it commits nothing by itself, and starts
// again after errors that may pass.

import type { Consumer, Kafka, PartitionAssigner } from 'kafkajs';
import { pause } from '../time/timer.ts';
import type { KafkaSettings } from './client.ts';
import { errorChain } from './errors.ts';
import { FetchWaits } from './fetch-waits.ts';
import type { ConsumerGroup } from './kafkajs-group.ts';
import { InstanceFencedError, instanceFenced } from './static-member.ts';

const isFencedInstance = (error: Error): boolean =>
  [...errorChain(error)].some(
    (link) => link instanceof InstanceFencedError || link.type === 'FENCED_INSTANCE_ID',
  );

const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 };

/** How long a consumer that has stalled may take to leave its group. */
const LEAVE_MS = 5_000;

/**
 * Waits until a consumer that is given up has left, but not for ever. If it fails later, that has
 * no effect.
 */
export const left = (consumer: Consumer | undefined): Promise<unknown> =>
  Promise.race([consumer?.disconnect().catch(() => {}), pause(LEAVE_MS, { keepsAlive: false })]);

/**
 * Asks the broker whether another process has taken the name of that static member. Undefined also
 * where it says nothing in time.
 */
export async function fencedNow(
  group: Pick<ConsumerGroup, 'heartbeat'> | undefined,
  { 'group.id': id, 'group.instance.id': instance }: KafkaSettings,
): Promise<InstanceFencedError | undefined> {
  if (group === undefined || instance === undefined) return undefined;
  const answer = group.heartbeat({ interval: 0 }).then(
    () => undefined,
    (error: Error) => (isFencedInstance(error) ? instanceFenced(id, instance, error) : undefined),
  );
  return Promise.race([answer, pause(LEAVE_MS, { keepsAlive: false }).then(() => undefined)]);
}

export const consumerOf = (kafka: Kafka, settings: KafkaSettings, assigner: PartitionAssigner): Consumer =>
  kafka.consumer({
    groupId: settings['group.id'],
    partitionAssigners: [assigner],
    sessionTimeout: settings['session.timeout.ms'],
    heartbeatInterval: settings['heartbeat.interval.ms'],
    rebalanceTimeout: settings['rebalance.timeout.ms'],
    metadataMaxAge: settings['metadata.max.age.ms'],
    maxBytesPerPartition: settings['max.partition.fetch.bytes'],
    maxBytes: settings['fetch.max.bytes'],
    minBytes: settings['fetch.min.bytes'],
    readUncommitted: settings['isolation.level'] === 'read_uncommitted',
    allowAutoTopicCreation: false,
    // Who joins again under a name that another process has taken would throw that one out.
    retry: { ...RETRY, restartOnFailure: async (error) => !isFencedInstance(error) },
  });

export const waitsOf = (settings: KafkaSettings): FetchWaits =>
  new FetchWaits({
    fixedMs: settings['fetch.max.wait.ms'],
    bytesMin: settings['fetch.min.bytes'],
    heartbeatMs: settings['heartbeat.interval.ms'],
  });
