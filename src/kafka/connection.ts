// kafkajs's connection, with two faults mended: it copies each response together with an empty
// rest, and it keeps a connection on which a request was not answered in time, so that every later
// request is sent into the same void.

import type { Socket } from 'node:net';

interface Connection {
  readonly socket: Socket | null;
  bytesBuffered: number;
  chunks: Buffer[];
  processData(data: Buffer): void;
  send(request: object): Promise<unknown>;
}

export type ConnectionClass = new (...options: never[]) => Connection;

export const ownConnection = (Original: ConnectionClass): ConnectionClass =>
  class OwnConnection extends Original {
    /**
     * kafkajs keeps an empty rest after each response, and copies the next one to put it behind
     * that.
     */
    override processData(data: Buffer): void {
      if (this.bytesBuffered === 0) this.chunks = [];
      super.processData(data);
    }

    /**
     * A request without an answer ends its connection, as in Kafka's own client: the next one is
     * sent on a new one.
     */
    override async send(request: object): Promise<unknown> {
      try {
        return await super.send(request);
      } catch (error) {
        const { name, message } = error as Error;
        if (name === 'KafkaJSRequestTimeoutError') this.socket?.destroy(new Error(message));
        throw error;
      }
    }
  };
