// kafkajs's connection, with two faults mended. It copies each response together with an empty
// rest. And it keeps a connection on which a request had no answer in time, so that later requests
// get no answer either.

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
