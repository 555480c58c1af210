// What is done to a running system, one thing at a time. Each ends by putting things right again;
// that everything is then scored is waited for by whoever calls.

import { setTimeout as lasting } from 'node:timers/promises';
import { addPartitions, createTopics, deleteTopic } from '../../tools/topics.ts';
import { allCommitted, flags, Program, produce, startDaemon } from '../support/daemon.ts';
import { kafkaFor, settingsFor } from '../support/kafka.ts';
import { until } from '../support/until.ts';
import { POISONS, type Poison } from './poison.ts';
import type { ProxiedBroker } from './proxied.ts';
import { PARTITIONS, type Scene, type Stage } from './scene.ts';

const FEWER_PARTITIONS = PARTITIONS / 2;
const MORE_PARTITIONS = PARTITIONS + 2;

export interface Fault<S extends Stage> {
  readonly name: string;
  /**
   * Results are refused meanwhile: good records become dead letters, and no others (invariant 7).
   */
  readonly refusesResults?: boolean;
  readonly act: (scene: Scene<S>) => Promise<void>;
}

const SESSION_MS = 6_000;
/** The default of lanes.stopTimeout. */
const STOP_MS = 10_000;
/**
 * Less than a batch with one result takes, more than the marker of a transaction: Kafka does not
 * come back from refusing those.
 */
const REFUSES = '100';
/** Of a job beside the scene's own. */
const RECORDS = 2_000;

const WORDS: Readonly<Record<Poison, string>> = {
  exit: 'killed',
  throw: 'throws',
  exhaust: 'out of memory',
  loop: 'in an endless loop',
};

async function leave(daemon: Program): Promise<void> {
  const { code, out } = await daemon.stop();
  if (code !== 0)
    throw new Error(`an instance that was told to stop ended with ${code}:\n${out.slice(-3_000)}`);
}

export const FAULTS: readonly Fault<ProxiedBroker>[] = [
  {
    name: 'broker stopped and started',
    async act(scene) {
      await scene.stage.stopBroker('SIGTERM');
      await lasting(1_000);
      await scene.stage.startBroker();
    },
  },
  {
    name: 'broker killed',
    async act(scene) {
      await scene.stage.stopBroker('SIGKILL');
      await scene.stage.startBroker();
    },
  },
  {
    name: 'connections reset',
    async act(scene) {
      for (let times = 0; times < 5; times++) {
        scene.stage.proxy.reset();
        await lasting(400);
      }
    },
  },
  {
    name: 'connections half-open past the session timeout',
    async act({ stage: { proxy } }) {
      proxy.silence();
      await lasting(SESSION_MS + 3_000);
      proxy.clear();
    },
  },
  {
    name: 'network delayed by 500 ms',
    async act({ stage: { proxy } }) {
      proxy.delay(500);
      await lasting(6_000);
      proxy.clear();
    },
  },
  {
    name: 'network throttled to 200 KB/s',
    async act({ stage: { proxy } }) {
      proxy.throttle(200_000);
      await lasting(6_000);
      proxy.clear();
    },
  },
  {
    name: 'bytes damaged on the way',
    async act({ stage: { proxy } }) {
      const before = proxy.damaged;
      proxy.damage(3);
      await until('three answers with records', () => proxy.damaged === before + 3);
      proxy.clear();
    },
  },
  {
    name: 'daemon killed with -9',
    async act(scene) {
      await scene.daemon().stop('SIGKILL');
      await scene.startDaemon();
    },
  },
  {
    name: 'daemon stopped past its session, then resumed (the zombie)',
    async act(scene) {
      const { child } = scene.daemon();
      child.kill('SIGSTOP');
      await lasting(SESSION_MS + 3_000);
      const before = await scene.committed();
      child.kill('SIGCONT');
      for (let looks = 0; looks < 10; looks++) {
        await lasting(200);
        for (const [partition, offset] of await scene.committed()) {
          const was = before.get(partition) ?? 0;
          if (offset < was)
            throw new Error(`the zombie took partition ${partition} back from ${was} to ${offset}`);
          before.set(partition, offset);
        }
      }
    },
  },
  {
    name: 'broker frozen while an instance is told to stop',
    async act(scene) {
      const daemon = scene.daemon();
      scene.stage.freezeBroker();
      try {
        const startedMs = performance.now();
        const { code, out } = await daemon.stop();
        const tookMs = performance.now() - startedMs;
        const wrong = code !== 0 && code !== 75;
        if (wrong || tookMs > STOP_MS + 2_000)
          throw new Error(
            `a stop took ${Math.round(tookMs)} ms and ended with ${code}:\n${out.slice(-3_000)}`,
          );
      } finally {
        scene.stage.thawBroker();
      }
      await scene.startDaemon();
    },
  },
  {
    name: 'connections forgotten for good by a firewall',
    async act({ stage: { proxy } }) {
      proxy.forget();
    },
  },
  {
    name: 'five instances joining and leaving every few seconds',
    async act(scene) {
      const others = await Promise.all([scene.startDaemon(), scene.startDaemon(), scene.startDaemon()]);
      for (let turns = 0; turns < 2; turns++) {
        await leave(others.shift() as Program);
        others.push(await scene.startDaemon());
      }
      for (const other of others) await leave(other);
    },
  },
  ...POISONS.map(
    (poison): Fault<ProxiedBroker> => ({
      name: `worker thread: ${WORDS[poison]}`,
      act: (scene) => scene.poison(poison),
    }),
  ),
  {
    name: 'output topic deleted, then made again',
    async act(scene) {
      const job = await scene.anotherJob();
      const daemon = await startDaemon(job);
      try {
        await produce(job, RECORDS);
        await allCommitted(job, kafkaFor(settingsFor(job.address)));
        await scene.withAdmin((admin) => admin.deleteTopics({ topics: [job.results] }));
        await produce(job, RECORDS);
        await daemon.says('SCORELANE_PARTITION_GONE');
        await createTopics(job.address, { [job.results]: PARTITIONS });
        await allCommitted(job, kafkaFor(settingsFor(job.address)));
      } finally {
        await daemon.stop();
      }
      // What was answered before went with the topic; the rest must be in the new one.
      const answers = await scene.records(job.results);
      if (answers < RECORDS) throw new Error(`${RECORDS} records came after, only ${answers} have results`);
    },
  },
  {
    name: 'output topic made again with fewer partitions, then an input that grows',
    async act(scene) {
      const job = await scene.anotherJob();
      const kafka = kafkaFor(settingsFor(job.address));
      const daemon = await startDaemon(job, ['kafka.metadata.max.age.ms=2000', 'lanes.retryMax=1s']);
      try {
        await produce(job, RECORDS);
        await allCommitted(job, kafka, daemon);
        await deleteTopic(job.address, job.results);
        await createTopics(job.address, { [job.results]: FEWER_PARTITIONS });
        await produce(job, RECORDS);
        await daemon.says(`topic ${job.results} has ${FEWER_PARTITIONS} partitions now`);
        await addPartitions(job.address, job.input, MORE_PARTITIONS);
        await produce(job, RECORDS);
        await daemon.says(`topic ${job.input} has ${MORE_PARTITIONS} partitions now`);
        await allCommitted(job, kafka, daemon);
      } finally {
        await daemon.stop();
      }
      const answers = (await scene.records(job.results)) + (await scene.records(job.deadLetters));
      if (answers < 2 * RECORDS)
        throw new Error(`${2 * RECORDS} records came after, only ${answers} have answers`);
    },
  },
  {
    name: 'input topic deleted, then made again and filled past where the lanes were',
    async act(scene) {
      const job = await scene.anotherJob();
      const kafka = kafkaFor(settingsFor(job.address));
      await produce(job, RECORDS);
      const daemon = await startDaemon(job);
      await allCommitted(job, kafka);
      await deleteTopic(job.address, job.input);
      await createTopics(job.address, { [job.input]: PARTITIONS });
      await produce(job, 2 * RECORDS);
      await daemon.says('SCORELANE_TOPIC_REMADE');
      await allCommitted(job, kafka);
      await daemon.stop();
      const answers = (await scene.records(job.results)) + (await scene.records(job.deadLetters));
      if (answers < 3 * RECORDS) throw new Error(`${3 * RECORDS} records came, only ${answers} have answers`);
      const audited = new Program(['audit', '--config', 'config/kafka.yaml', ...flags(job, [])]);
      const { code, out } = await audited.ended;
      if (code !== 0) throw new Error(`an audit of the new topic ended with ${code}:\n${out.slice(-3_000)}`);
    },
  },
  {
    name: 'retention deletes below the committed offset',
    async act(scene) {
      const job = await scene.anotherJob();
      await produce(job, RECORDS);
      const first = await startDaemon(job);
      await allCommitted(job, kafkaFor(settingsFor(job.address)));
      await first.stop();
      await produce(job, RECORDS);
      const cut = await scene.cutHalfWay(job);
      const refusing = new Program(['run', '--config', 'config/kafka.yaml', ...flags(job, [])]);
      const { code, out } = await refusing.ended;
      if (code !== 74) throw new Error(`expected exit 74, found ${code}:\n${out.slice(-3_000)}`);
      const going = await startDaemon(job, ['lanes.onOutOfRange=continue']);
      await allCommitted(job, kafkaFor(settingsFor(job.address)));
      await going.stop();
      const answers = await scene.records(job.results);
      const wanted = 2 * RECORDS - cut;
      if (answers !== wanted) throw new Error(`${wanted} records could be read, ${answers} have results`);
    },
  },
  {
    name: 'output topic refuses everything',
    refusesResults: true,
    async act(scene) {
      await scene.setMaxMessageBytes(scene.job.results, REFUSES);
      await lasting(4_000);
      await scene.setMaxMessageBytes(scene.job.results, '1048588');
    },
  },
  {
    name: 'dead-letter topic refuses everything',
    async act(scene) {
      await scene.setMaxMessageBytes(scene.job.deadLetters, REFUSES);
      await lasting(4_000);
      await scene.setMaxMessageBytes(scene.job.deadLetters, '1048588');
    },
  },
];
