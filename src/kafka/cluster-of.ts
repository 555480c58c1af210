// kafkajs's cluster, for requests that none of its clients makes.

import type { Cluster, Kafka } from 'kafkajs';

export interface BareCluster extends Pick<Cluster, 'addMultipleTargetTopics'> {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/**
 * `C` names the further parts that are used. kafkajs shows its cluster only to partition assigners,
 * so a consumer is made for it that never connects.
 */
export function clusterOf<C extends BareCluster>(kafka: Kafka): C {
  let found: Cluster | undefined;
  kafka.consumer({
    groupId: 'none',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return { name: '', version: 0 } as never;
      },
    ],
  });
  return found as unknown as C;
}
