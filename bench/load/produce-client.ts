// A producer that does nothing but produce: record batches in, one request for each leader, many in
// flight on one connection, no retries. kafkajs takes 0.3 ms of CPU for a request, which at a
// thousand requests a second would be a third of a core taken from what is measured.

import { connect, type Socket } from 'node:net';
import { loadKafkaJs } from '../../src/kafka/seam.ts';
import type { ResultBatch, Sink } from '../../src/log/ports.ts';

const PRODUCE = { key: 0, version: 7 };
const ACKS_ALL = -1;
const TIMEOUT_MS = 30_000;
const CLIENT_ID = Buffer.from('bench-load');

/** Resolves to a sink for one topic. There is no TLS and no login. */
export async function produceClient(brokers: string, topic: string): Promise<Sink> {
  const { Kafka, logLevel } = loadKafkaJs();
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const [{ topics }, cluster] = await Promise.all([
    admin.fetchTopicMetadata({ topics: [topic] }),
    admin.describeCluster(),
  ]);
  await admin.disconnect();
  const partitions = topics[0]?.partitions ?? [];
  const leaderOf = new Map(partitions.map(({ partitionId, leader }) => [partitionId, leader]));
  const connections = new Map(
    cluster.brokers
      .filter(({ nodeId }) => partitions.some(({ leader }) => leader === nodeId))
      .map(({ nodeId, host, port }) => [nodeId, new Connection(host, port)]),
  );
  return {
    start: async () => {},
    partitionCount: async () => partitions.length,
    async produce(batches) {
      const ofLeaders = Map.groupBy(batches, ({ partition }) => leaderOf.get(partition) ?? -1);
      await Promise.all(
        [...ofLeaders].map(([leader, own]) => (connections.get(leader) as Connection).produce(topic, own)),
      );
      return batches;
    },
    async stop() {
      for (const connection of connections.values()) connection.end();
    },
  };
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

class Connection {
  readonly #socket: Socket;
  /** Answers come in the order of the requests. */
  readonly #waiting: Waiting[] = [];
  #correlation = 0;
  #received: Buffer = Buffer.alloc(0);

  constructor(host: string, port: number) {
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the broker closed the connection')));
  }

  produce(topic: string, batches: readonly ResultBatch[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ resolve, reject });
    this.#socket.write(produceRequest(this.#correlation++, topic, batches));
    return promise;
  }

  end(): void {
    this.#socket.end();
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    for (;;) {
      const length = this.#received.length < 4 ? Number.POSITIVE_INFINITY : this.#received.readInt32BE(0);
      if (this.#received.length < 4 + length) return;
      const answer = this.#received.subarray(4, 4 + length);
      this.#received = this.#received.subarray(4 + length);
      const waiting = this.#waiting.shift();
      const refused = errorIn(answer);
      if (refused === 0) waiting?.resolve();
      else waiting?.reject(new Error(`the broker refused a batch of the load with error code ${refused}`));
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** Bytes before the batches of a request, without the names, and of each batch before its bytes. */
const HEAD_BYTES = 32;
const PART_BYTES = 8;
const NO_TRANSACTION = -1;

/** A Produce request of one topic, with its length before it. */
export function produceRequest(correlation: number, topic: string, batches: readonly ResultBatch[]): Buffer {
  const nameBytes = Buffer.byteLength(topic);
  const length = batches.reduce(
    (sum, { bytes }) => sum + PART_BYTES + bytes.length,
    HEAD_BYTES + CLIENT_ID.length + nameBytes,
  );
  const request = Buffer.allocUnsafe(length);
  let at = request.writeInt32BE(length - 4, 0);
  at = request.writeInt16BE(PRODUCE.key, at);
  at = request.writeInt16BE(PRODUCE.version, at);
  at = request.writeInt32BE(correlation, at);
  at = request.writeInt16BE(CLIENT_ID.length, at);
  at += CLIENT_ID.copy(request, at);
  at = request.writeInt16BE(NO_TRANSACTION, at);
  at = request.writeInt16BE(ACKS_ALL, at);
  at = request.writeInt32BE(TIMEOUT_MS, at);
  at = request.writeInt32BE(1, at);
  at = request.writeInt16BE(nameBytes, at);
  at += request.write(topic, at);
  at = request.writeInt32BE(batches.length, at);
  for (const { partition, bytes } of batches) {
    at = request.writeInt32BE(partition, at);
    at = request.writeInt32BE(bytes.length, at);
    request.set(bytes, at);
    at += bytes.length;
  }
  return request;
}

/**
 * The first error code of a partition in the answer to a produce request of one topic; 0 if none.
 */
export function errorIn(answer: Buffer): number {
  const nameLength = answer.readInt16BE(8);
  let at = 10 + nameLength;
  const partitions = answer.readInt32BE(at);
  at += 4;
  for (let index = 0; index < partitions; index++, at += 30) {
    const code = answer.readInt16BE(at + 4);
    if (code !== 0) return code;
  }
  return 0;
}
