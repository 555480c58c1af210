// Reads committed offsets after the transactions that commit them have ended (KIP-447, Kafka 2.5).
// A broker says that a transaction has ended before its offsets are known: a client that asks at
// that moment gets the offsets before. kafkajs does not know this, so all its requests for offsets
// wait here. An older broker cannot tell whether offsets are stable: it is asked until two answers
// agree.

import { pause } from '../time/timer.ts';
import { FlexibleReader, FlexibleWriter } from './flexible.ts';
import { type RequestModule, withVersion } from './versions.ts';

const OFFSET_FETCH = 9;
const STABLE_VERSION = 7;
const UNSTABLE_OFFSET_COMMIT = 88;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;
/** An older broker needs a moment to make the offsets of a transaction known. */
const SETTLES_MS = 50;
/**
 * The transaction of a daemon that is gone stays open for longer: then the caller decides what to
 * do.
 */
const WAIT_MS = 10_000;

export interface AskedPartition {
  readonly partition: number;
  /** Take the offset that is known now, even if a transaction may change it soon. */
  readonly asItIs?: true;
}

export interface OffsetFetchArguments {
  readonly groupId: string;
  /** None means all. */
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly AskedPartition[] }[];
}

interface FetchedOffset {
  readonly partition: number;
  readonly offset: string;
  readonly metadata: string | null;
  readonly errorCode?: number;
}

export interface FetchedOffsets {
  readonly responses: readonly { readonly topic: string; readonly partitions: readonly FetchedOffset[] }[];
}

/**
 * To be tried again: kafkajs reads these two fields, and so do the tools that wait for a cluster.
 */
export class UnstableOffsetError extends Error {
  override readonly name = 'UnstableOffsetError';
  readonly type = 'UNSTABLE_OFFSET_COMMIT';
  readonly retriable = true;
}

/**
 * Adds the version that can ask for stable offsets. Offsets that are not stable yet are marked in
 * the answer, and are no failure.
 */
export const stableOffsetFetch = (original: RequestModule<OffsetFetchArguments>) =>
  withVersion(original, STABLE_VERSION, (given, latest) => ({
    request: {
      ...latest().request,
      apiVersion: STABLE_VERSION,
      encode: async () => ({ pieces: [offsetFetchRequest(given)] }),
    },
    response: {
      decode: async (answer) => readOffsets(new FlexibleReader(answer)),
      async parse(decoded) {
        const answer = decoded as FetchedOffsets;
        await latest().response.parse({ ...answer, responses: pick(answer, (each) => !isUnstable(each)) });
        return answer;
      },
    },
  }));

function offsetFetchRequest({ groupId, topics }: OffsetFetchArguments): Buffer {
  const body = new FlexibleWriter();
  const asItIs = topics.some(({ partitions }) => partitions.some((each) => each.asItIs));
  return body
    .string(groupId)
    .array(topics.length === 0 ? null : topics, ({ topic, partitions }) =>
      body
        .string(topic)
        .array(partitions, ({ partition }) => body.int32(partition))
        .noTags(),
    )
    .boolean(!asItIs)
    .noTags().written;
}

function readOffsets(answer: FlexibleReader) {
  return {
    throttleTime: 0,
    clientSideThrottleTime: answer.int32(),
    responses: answer.array(() => {
      const topic = answer.string() ?? '';
      const partitions = answer.array(() => {
        const [partition, offset] = [answer.int32(), answer.int64()];
        // Skipped: the epoch of the leader.
        answer.int32();
        const fetched = { partition, offset, metadata: answer.string(), errorCode: answer.int16() };
        answer.skipTags();
        return fetched;
      });
      answer.skipTags();
      return { topic, partitions };
    }),
    errorCode: answer.int16(),
  };
}

const isUnstable = ({ errorCode }: FetchedOffset): boolean => errorCode === UNSTABLE_OFFSET_COMMIT;

const pick = ({ responses }: FetchedOffsets, wanted: (each: FetchedOffset) => boolean) =>
  responses
    .map(({ topic, partitions }) => ({ topic, partitions: partitions.filter(wanted) }))
    .filter(({ partitions }) => partitions.length > 0);

export type OffsetBrokerClass = new (
  ...given: never[]
) => {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null;
  offsetFetch(given: OffsetFetchArguments): Promise<FetchedOffsets>;
};

/**
 * A broker class that asks again for offsets that are not stable yet. Rejects with
 * `UnstableOffsetError` if that takes too long.
 */
export const brokerWithStableOffsets = (Broker: OffsetBrokerClass, waitMs = WAIT_MS): OffsetBrokerClass =>
  class BrokerWithStableOffsets extends Broker {
    override async offsetFetch(given: OffsetFetchArguments): Promise<FetchedOffsets> {
      const asItIs = given.topics.some(({ partitions }) => partitions.some((each) => each.asItIs));
      const first = await super.offsetFetch(given);
      if (asItIs) return first;
      if ((this.versions?.[OFFSET_FETCH]?.maxVersion ?? 0) < STABLE_VERSION)
        return this.#agreed(given, first);
      const startedMs = performance.now();
      const responses = first.responses.map(({ topic }) => ({ topic, partitions: [] as FetchedOffset[] }));
      let answer = first;
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        for (const { topic, partitions } of pick(answer, (each) => !isUnstable(each)))
          responses.find((each) => each.topic === topic)?.partitions.push(...partitions);
        const topics = pick(answer, isUnstable);
        if (topics.length === 0) return { ...answer, responses };
        if (performance.now() - startedMs >= waitMs) throw new UnstableOffsetError(describe(topics, waitMs));
        await pause(pauseMs);
        answer = await super.offsetFetch({ ...given, topics });
      }
    }

    async #agreed(given: OffsetFetchArguments, first: FetchedOffsets): Promise<FetchedOffsets> {
      for (let before = first; ; ) {
        await pause(SETTLES_MS);
        const now = await super.offsetFetch(given);
        if (JSON.stringify(now.responses) === JSON.stringify(before.responses)) return now;
        before = now;
      }
    }
  };

const describe = (unstable: OffsetFetchArguments['topics'], waitedMs: number): string => {
  const of = unstable.flatMap(({ topic, partitions }) =>
    partitions.map((each) => `${topic}/${each.partition}`),
  );
  return (
    `a transaction that commits the group's offset of ${of.join(', ')} has not ended within ${waitedMs} ms; ` +
    'where its daemon is gone, the broker ends it after the transaction.timeout.ms that the daemon had'
  );
};
