// What is done to a cluster of three brokers, each topic on all of them.

import { setTimeout as lasting } from 'node:timers/promises';
import { java } from '../support/kafka.ts';
import { until } from '../support/until.ts';
import { type Cluster, NODES, type Node } from './cluster.ts';
import type { Fault } from './faults.ts';
import { PARTITIONS, type Scene } from './scene.ts';

/** Waits until every partition of the input has a leader for which that holds. */
const untilLed = (
  scene: Scene<Cluster>,
  what: string,
  holds: (leader: number) => boolean,
): Promise<unknown> =>
  until(what, async () => {
    const topics = [scene.job.input];
    const metadata = await scene.withAdmin((admin) => admin.fetchTopicMetadata({ topics }));
    return metadata.topics[0]?.partitions.every(({ leader }) => holds(leader));
  });

/**
 * Gives the lead of every partition to that broker first, by order of replicas and election:
 * nothing stops.
 */
async function moveLeaders(scene: Scene<Cluster>, first: Node): Promise<void> {
  const { input, results, deadLetters, address } = scene.job;
  const replicas = [first, ...NODES.filter((node) => node !== first)];
  const partitionAssignment = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, replicas }));
  await scene.withAdmin((admin) =>
    admin.alterPartitionReassignments({
      topics: [input, results, deadLetters].map((topic) => ({ topic, partitionAssignment })),
    }),
  );
  await java('elect', address);
  await untilLed(scene, `broker ${first} to lead`, (leader) => leader === first);
}

/** Its partitions get other leaders, and it comes back. */
const without = (node: Node, signal: 'SIGTERM' | 'SIGKILL') => async (scene: Scene<Cluster>) => {
  await moveLeaders(scene, node);
  await scene.stage.stopNode(node, signal);
  await untilLed(scene, 'others to lead', (leader) => leader !== node && leader > 0);
  await lasting(2_000);
  await scene.stage.startNode(node);
};

export const CLUSTER_FAULTS: readonly Fault<Cluster>[] = [
  {
    name: 'leaders moved to another broker, then back',
    async act(scene) {
      await moveLeaders(scene, 2);
      await lasting(2_000);
      await moveLeaders(scene, 1);
    },
  },
  { name: 'the leader of three brokers stopped and started', act: without(2, 'SIGTERM') },
  { name: 'the leader of three brokers killed', act: without(3, 'SIGKILL') },
  {
    name: 'not enough replicas',
    async act(scene) {
      await moveLeaders(scene, 1);
      await Promise.all([scene.stage.stopNode(2, 'SIGKILL'), scene.stage.stopNode(3, 'SIGKILL')]);
      await lasting(6_000);
      await Promise.all([scene.stage.startNode(2), scene.stage.startNode(3)]);
    },
  },
];
