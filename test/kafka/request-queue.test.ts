// kafkajs's queue of requests, made to sleep: over kafkajs's own class, as connections use it.

import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import test from 'ava';
import { loadKafkaJs } from '../../src/kafka/seam.ts';
import { until } from '../support/until.ts';

interface Queue extends EventEmitter {
  readonly throttleCheckTimeoutId: object | null;
  readonly pending: readonly unknown[];
  push(request: object): void;
  fulfillRequest(answer: object): void;
  maybeThrottle(ms: number): void;
  scheduleRequestTimeoutCheck(): void;
  destroy(): void;
}

const logger = { debug() {}, warn() {} };

/** A queue, and what became of the requests that were pushed. */
function queueWith(requestTimeout: number) {
  loadKafkaJs();
  const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js');
  const heard: string[] = [];
  const options = { maxInFlightRequests: null, requestTimeout, enforceRequestTimeout: true, logger };
  const queue = new RequestQueue(options) as Queue;
  const push = (correlationId: number): void =>
    queue.push({
      entry: {
        correlationId,
        resolve: () => heard.push(`${correlationId} answered`),
        reject: ({ name }: Error) => heard.push(`${correlationId} ${name}`),
      },
      expectResponse: true,
      sendRequest: () => heard.push(`${correlationId} sent`),
    });
  return { queue, heard, push };
}

test('a connection on which nothing waits sets no timer: idle costs nothing', (t) => {
  const { queue, heard, push } = queueWith(1_000);
  push(1);
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
  t.is(queue.throttleCheckTimeoutId, null);
  t.deepEqual(heard, ['1 sent', '1 answered']);
});

test('a request that waits because the broker throttles us is sent afterwards', async (t) => {
  const { queue, heard, push } = queueWith(1_000);
  queue.maybeThrottle(5);
  push(1);
  t.is(queue.pending.length, 1);
  await until('the request', () => heard.includes('1 sent'));
  t.is(queue.throttleCheckTimeoutId, null);
});

test('a request without an answer times out', async (t) => {
  const { queue, heard, push } = queueWith(10);
  queue.scheduleRequestTimeoutCheck();
  push(1);
  await until('the end of its time', () => heard.includes('1 KafkaJSRequestTimeoutError'));
  queue.destroy();
  t.is(heard.length, 2);
});
