// The Kafka source's way back into its group, and out of it, with a client that fails when told to.

import test from 'ava';
import type { ConsumerConfig, Kafka } from 'kafkajs';
import type { createAssigner } from '../../src/kafka/assigner.ts';
import type { KafkaSettings } from '../../src/kafka/client.ts';
import type { ConsumerGroup } from '../../src/kafka/kafkajs-group.ts';
import { KafkaSource } from '../../src/kafka/source.ts';
import { settingsFor } from '../support/kafka.ts';
import { until } from '../support/until.ts';

/** A source on a client whose consumers connect and disconnect as told, by their number. */
function sourceWith(
  {
    connect,
    disconnect,
    run,
    heartbeat,
  }: Partial<Record<'connect' | 'disconnect' | 'run' | 'heartbeat', (number: number) => Promise<void>>>,
  named: Partial<KafkaSettings> = {},
) {
  /** Numbers of consumers that are in the group. */
  const members = new Set<number>();
  const heard: string[] = [];
  let made = 0;
  const consumer = ({ partitionAssigners: [assigner] = [] }: ConsumerConfig) => {
    const number = ++made;
    const { hooks } = (assigner as unknown as ReturnType<typeof createAssigner>)({} as never);
    const group = { memberId: 'm', generationId: 1, heartbeat: async () => heartbeat?.(number) };
    return {
      events: { CRASH: 'crash' },
      on() {},
      connect: async () => connect?.(number),
      async subscribe() {},
      async run() {
        await run?.(number);
        await hooks.joining(group as unknown as ConsumerGroup);
        members.add(number);
      },
      async disconnect() {
        await disconnect?.(number);
        members.delete(number);
      },
    };
  };
  const kafka = {
    admin: () => ({ async connect() {}, async disconnect() {} }),
    logger: () => ({ warn: (words: string) => heard.push(words) }),
    consumer,
  };
  const settings = { ...settingsFor('nowhere:1'), ...named };
  const options = { topic: 'in', settings, onOutOfRange: 'fail' } as const;
  const listener = {
    revoking: async () => {},
    revoked() {},
    lost() {},
    assigned() {},
    fetched() {},
    outOfRange() {},
    failed: ({ message }: Error) => void heard.push(`failed: ${message}`),
  };
  const source = new KafkaSource(kafka as unknown as Kafka, options);
  return { source, listener, members, heard, made: () => made };
}

test('a source that cannot join again tries until it can: its lanes are gone, and nobody else would try (invariant 6)', async (t) => {
  const { source, listener, members, heard } = sourceWith({
    async connect(number) {
      if (number === 2 || number === 3) throw new Error(`ECONNREFUSED ${number}`);
    },
  });
  await source.start(listener);
  await source.rejoin();
  t.deepEqual([...members], [4]);
  t.deepEqual(
    heard,
    [2, 3].map((number) => `joining failed, trying again: ECONNREFUSED ${number}`),
  );
  await source.stop();
});

test('who joins again under a name that another process has taken meanwhile would throw that one out: it says so, and does not', async (t) => {
  const taken = Object.assign(new Error('fenced'), { type: 'FENCED_INSTANCE_ID' });
  for (const [what, error, id, consumers] of [
    ['it is taken', taken, 'twin', 1],
    ['the broker has forgotten the member', new Error('UNKNOWN_MEMBER_ID'), 'twin', 2],
    ['it is ours', null, 'twin', 2],
    ['it has no name', taken, undefined, 2],
  ] as const) {
    const heartbeat = async (): Promise<void> => {
      if (error !== null) throw error;
    };
    const { source, listener, heard, made } = sourceWith({ heartbeat }, { 'group.instance.id': id });
    await source.start(listener);
    await source.rejoin();
    t.is(made(), consumers, what);
    t.is(heard.join().startsWith('failed: another process has joined'), consumers === 1, heard.join());
    await source.stop();
  }
});

test('a source that is refused when it joins again says so, and does not try again', async (t) => {
  const { source, listener, heard, made } = sourceWith({
    async connect(number) {
      if (number > 1) throw Object.assign(new Error('no'), { type: 'GROUP_AUTHORIZATION_FAILED' });
    },
  });
  await source.start(listener);
  await source.rejoin();
  t.regex(heard.join(), /^failed: .*Read on group "scorelane"$/);
  t.is(made(), 2);
  await source.stop();
});

test('a source that is stopped while it tries to join again stops trying', async (t) => {
  const { source, listener, heard, members } = sourceWith({
    async connect(number) {
      if (number > 1) throw new Error('ECONNREFUSED');
    },
  });
  await source.start(listener);
  const rejoined = source.rejoin();
  await until('a try', () => heard.length > 0);
  await source.stop();
  await rejoined;
  t.is(members.size, 0);
});

test('a source that is stopped while it joins leaves no member in the group', async (t) => {
  const joining = Promise.withResolvers<void>();
  const { source, listener, members, made } = sourceWith({
    run: (number) => (number === 1 ? Promise.resolve() : joining.promise),
  });
  await source.start(listener);
  const rejoined = source.rejoin();
  await until('the second consumer', () => made() === 2);
  await source.stop();
  joining.resolve();
  await rejoined;
  t.is(members.size, 0);
});
