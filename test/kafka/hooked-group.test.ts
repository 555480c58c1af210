// kafkajs's group member, made to ask: what it owes its owner when a join does not succeed at once.

import test from 'ava';
import { FetchWaits } from '../../src/kafka/fetch-waits.ts';
import { type GroupClass, hookedGroup, type MemberHooks } from '../../src/kafka/hooked-group.ts';
import { Unanswered } from '../../src/kafka/unanswered.ts';

/** A group member whose joins go as told, and which notes what it is made to do. */
function memberWhoseJoins(outcomes: readonly ('fails' | 'succeeds')[]) {
  const calls: string[] = [];
  const left = [...outcomes];
  class Member {
    memberId = 'm';
    generationId = 1;
    offsetManager = null;
    async joinAndSync(): Promise<void> {
      const outcome = left.shift() ?? 'succeeds';
      calls.push(`join ${outcome}`);
      if (outcome === 'fails') throw new Error('The coordinator is loading');
      this.generationId++;
    }
    cluster = { topicIds: new Map(), refreshMetadataIfNecessary: async () => void calls.push('fetch') };
    seekOffset = new Map();
  }
  const hooks: MemberHooks = {
    joining: async () => void calls.push('joining'),
    topicIdBefore: () => null,
    assigning: async () => {},
    joined: () => void calls.push('joined'),
    assigned: () => {},
    fetched: () => {},
    outOfRange: () => null,
    rested: () => undefined,
    unanswered: new Unanswered(),
    waits: new FetchWaits({ fixedMs: 1, bytesMin: 1, heartbeatMs: 1 }),
  };
  const Group = hookedGroup(Member as unknown as GroupClass);
  return { calls, member: new Group({ assigners: [{ hooks }] }) };
}

test('a join that fails is made again before anything is fetched: lanes that settled for it do not wait for ever (invariant 6)', async (t) => {
  const { calls, member } = memberWhoseJoins(['fails', 'fails', 'succeeds']);
  await t.throwsAsync(member.joinAndSync(), { message: /loading/ });
  await t.throwsAsync(member.fetch('0'), { message: /loading/ });
  t.false(calls.includes('fetch'));
  await member.fetch('0');
  t.deepEqual(calls.slice(-4), ['joining', 'join succeeds', 'joined', 'fetch']);
  await member.fetch('0');
  t.is(calls.at(-1), 'fetch');
  t.is(calls.filter((call) => call === 'joined').length, 1);
});

test('fetchers that want to join at once share one join', async (t) => {
  const { calls, member } = memberWhoseJoins(['fails', 'succeeds']);
  await t.throwsAsync(member.joinAndSync());
  await Promise.all([member.fetch('0'), member.fetch('1')]);
  t.deepEqual(calls, ['joining', 'join fails', 'joining', 'join succeeds', 'joined', 'fetch', 'fetch']);
});

test('a topic that is found to be another one when its offsets are asked for is taken over as that one, before it is assigned', async (t) => {
  const owned: unknown[] = [];
  const assigned: unknown[] = [];
  let topicId = 'old';
  const manager = {
    groupId: 'g',
    memberAssignment: {},
    committedOffsets: () => ({}),
    getCoordinator: async () => ({
      offsetFetch: async () => {
        const partitions = [{ partition: 0, offset: '7', metadata: null }];
        return { responses: [{ topic: 'in', partitions }] };
      },
    }),
  };
  class Member {
    memberId = 'm';
    generationId = 1;
    offsetManager = manager;
    topicConfigurations = {};
    cluster = {
      topicIds: new Map(),
      findTopicPartitionMetadata: () => [{ partitionId: 0, topicId }],
      async refreshMetadataIfNecessary() {},
    };
    checkForStaleAssignment(): void {}
    assigned = () => [{ topic: 'in', partitions: [0] }];
    async joinAndSync(): Promise<void> {}
    seekOffset = new Map();
  }
  const hooks: MemberHooks = {
    joining: async () => {},
    topicIdBefore: () => null,
    async assigning(partitions) {
      owned.push(...partitions.map(({ incarnation }) => incarnation));
      topicId = 'again';
    },
    joined: () => {},
    assigned: (partitions) => void assigned.push(...partitions.map(({ incarnation }) => incarnation)),
    fetched: () => {},
    outOfRange: () => null,
    rested: () => undefined,
    unanswered: new Unanswered(),
    waits: new FetchWaits({ fixedMs: 1, bytesMin: 1, heartbeatMs: 1 }),
  };
  const member = new (hookedGroup(Member as unknown as GroupClass))({ assigners: [{ hooks }] });
  await member.joinAndSync();
  await member.fetch('0');
  t.deepEqual([owned, assigned], [['old', 'again'], ['again']]);
});
