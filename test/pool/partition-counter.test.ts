// How many partitions there are decides where results lie and which records are misplaced: no
// answer is taken that is older than the question, and where nobody can tell nothing is decided.

import test from 'ava';
import { PartitionCounter } from '../../src/pool/partition-counter.ts';
import { lookAgain } from '../../src/pool/placed.ts';
import { StateLostError } from '../../src/worker-protocol/messages.ts';

const topics = { input: 'in', results: 'out', deadLetters: 'dead' };
const lane = { topic: 'in', partition: 0, epoch: 1, placedBy: [2] };

/** A broker that answers what it knows at the time of the question, when it is told to. */
function sceneOf(knows: { input: number | Error }) {
  const waiting: (() => void)[] = [];
  const sink = {
    partitionCount(topic: string): Promise<number> {
      const known = topic === 'in' ? knows.input : 2;
      return new Promise((resolve, reject) => {
        waiting.push(() => (known instanceof Error ? reject(known) : resolve(known)));
      });
    },
  };
  const unknown: string[] = [];
  const counter = new PartitionCounter(
    { sink, topics, onChanged: () => {}, onUnknown: ({ message }) => unknown.push(message) },
    { input: 2, results: 2, deadLetters: 2 },
  );
  /** Answers all that is asked until that is done. */
  const answering = async <T>(work: Promise<T>): Promise<T> => {
    let done = false;
    const ended = work.finally(() => {
      done = true;
    });
    ended.catch(() => {});
    while (!done) {
      waiting.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return ended;
  };
  return { knows, counter, unknown, answering };
}

test('who asks while a question is on its way gets the answer to one that began later', async (t) => {
  const { knows, counter, answering } = sceneOf({ input: 2 });
  const first = counter.ask();
  knows.input = 3;
  const looking = lookAgain(lane, counter);
  await t.throwsAsync(answering(looking), { instanceOf: StateLostError, message: /has 3 partitions now/ });
  t.true(await first);
});

test('nothing is called misplaced while nobody says how many partitions there are: the state begins again', async (t) => {
  const { counter, unknown, answering } = sceneOf({ input: new Error('no leader') });
  await t.throwsAsync(answering(lookAgain(lane, counter)), {
    instanceOf: StateLostError,
    message: /nobody says how many/,
  });
  t.deepEqual(unknown, ['no leader']);
});

test('where the count is what was known, misplaced records are', async (t) => {
  const { counter, answering } = sceneOf({ input: 2 });
  await t.notThrowsAsync(answering(lookAgain(lane, counter)));
});

test('a broker that is behind takes nothing back that the assignment has told; another topic by the name begins with its own count', async (t) => {
  const { counter, answering } = sceneOf({ input: 2 });
  counter.inputHas(3, false);
  await answering(counter.ask());
  t.is(counter.now.input, 3);
  counter.inputHas(1, true);
  t.is(counter.now.input, 1, 'at once: what was known is of the topic before');
});
