// kafkajs's connection, with two faults mended, and with a shorter way for its requests. It copies
// each response together with an empty rest. And it keeps a connection on which a request had no
// answer in time, so that later requests get no answer either.

import type { Socket } from 'node:net';
import { assembleRequest, type WireRequest } from './assemble.ts';

interface Exchange {
  readonly request: WireRequest;
  readonly response: {
    decode(payload: Buffer): Promise<{ readonly clientSideThrottleTime?: number }>;
    parse(decoded: unknown): Promise<unknown>;
  };
  readonly requestTimeout?: number | null;
  readonly logResponseError?: boolean;
}

interface Answer {
  readonly payload: Buffer;
  readonly size: number;
}

interface Connection {
  readonly socket: Socket | null;
  readonly sasl: object | null;
  readonly clientId: string;
  readonly requestQueue: {
    maybeThrottle(ms: number | undefined): void;
    push(request: {
      readonly entry: object;
      readonly expectResponse: boolean;
      readonly requestTimeout: number | null;
      readonly sendRequest: () => void;
    }): void;
  };
  isConnected(): boolean;
  isAuthenticated(): boolean;
  nextCorrelationId(): number;
  failIfNotConnected(): void;
  logError(message: string, more: object): void;
  bytesBuffered: number;
  chunks: Buffer[];
  processData(data: Buffer): void;
  send(exchange: Exchange): Promise<unknown>;
}

export type ConnectionClass = new (...options: never[]) => Connection;

export const ownConnection = (Original: ConnectionClass): ConnectionClass =>
  class OwnConnection extends Original {
    /**
     * kafkajs keeps an empty rest after each response, and copies the next response to put it
     * behind the rest.
     */
    override processData(data: Buffer): void {
      if (this.bytesBuffered === 0) this.chunks = [];
      super.processData(data);
    }

    /**
     * A request without an answer ends its connection, as in Kafka's own client: the next request
     * goes over a new connection.
     */
    override async send(exchange: Exchange): Promise<unknown> {
      try {
        const isReady = this.isConnected() && ((this.sasl ?? null) === null || this.isAuthenticated());
        return await (isReady ? this.#sendNow(exchange) : super.send(exchange));
      } catch (error) {
        const { name, message } = error as Error;
        if (name === 'KafkaJSRequestTimeoutError') this.socket?.destroy(new Error(message));
        throw error;
      }
    }

    /**
     * As kafkajs does, without its many promises and without its debug log, which is made of
     * objects though nobody reads it.
     */
    async #sendNow(exchange: Exchange): Promise<unknown> {
      const { request, response, requestTimeout = null, logResponseError = true } = exchange;
      const { apiKey, apiName, apiVersion } = request;
      const expectResponse = request.expectResponse?.() ?? true;
      const correlationId = this.nextCorrelationId();
      const { buffer } = await assembleRequest({ request, correlationId, clientId: this.clientId });
      const { payload, size } = await new Promise<Answer>((resolve, reject) => {
        // It may have been lost meanwhile; kafkajs says so in its words.
        this.failIfNotConnected();
        const entry = { apiKey, apiName, apiVersion, correlationId, resolve, reject };
        const sendRequest = (): void => void this.socket?.write(buffer);
        this.requestQueue.push({ entry, expectResponse, requestTimeout, sendRequest });
      });
      if (!expectResponse) return undefined;
      try {
        const decoded = await response.decode(payload);
        this.requestQueue.maybeThrottle(decoded.clientSideThrottleTime);
        return await response.parse(decoded);
      } catch (error) {
        const what = `${apiName}(key: ${apiKey}, version: ${apiVersion})`;
        const { message } = error as Error;
        if (logResponseError) this.logError(`Response ${what}`, { error: message, correlationId, size });
        throw error;
      }
    }
  };
