// kafkajs's queue of the requests of a connection, which sleeps when nothing is to be done. Its own
// looks every millisecond, for as long as the connection lives, whether a request may be sent that
// waits: some 5 % of a core for a daemon without a record. And it looks for late answers ten times
// a second, whatever the time limit is.

import { type Cancel, every } from '../time/timer.ts';

interface SentRequest {
  readonly sentAt: number;
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, SentRequest>;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  isConnected(): boolean;
  destroy(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

export type RequestQueueClass = new (...options: never[]) => RequestQueue;

const CHECKS_A_TIMEOUT = 10;
const CHECK_MS_MAX = 1_000;

export const sleepingQueue = (Original: RequestQueueClass): RequestQueueClass =>
  class SleepingQueue extends Original {
    #cancel: Cancel = () => {};

    /** Requests wait only while the broker throttles us. */
    override scheduleCheckPendingRequests(): void {
      if (this.pending.length > 0) super.scheduleCheckPendingRequests();
    }

    override scheduleRequestTimeoutCheck(): void {
      if (!this.enforceRequestTimeout) return;
      this.destroy();
      const checkMs = Math.min(Math.ceil(this.requestTimeout / CHECKS_A_TIMEOUT), CHECK_MS_MAX);
      this.#cancel = every(checkMs, () => {
        const now = Date.now();
        for (const request of this.inflight.values())
          if (now - request.sentAt > request.requestTimeout) request.timeoutRequest();
        if (!this.isConnected()) this.destroy();
      });
    }

    override destroy(): void {
      this.#cancel();
      super.destroy();
    }
  };
