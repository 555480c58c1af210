// A server that accepts connections and never says a word: a broker that hangs, or one behind a
// firewall that drops packets.

import { createServer, type Socket } from 'node:net';

export interface Silent {
  readonly address: string;
  /** Resolves at the first connection. */
  readonly connected: Promise<void>;
  stop(): void;
}

export const startSilent = (): Promise<Silent> =>
  new Promise((resolve, reject) => {
    const sockets: Socket[] = [];
    const connected = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      connected.resolve();
      sockets.push(socket.on('error', () => {}).resume());
    });
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const listening = server.address();
      const port = typeof listening === 'object' && listening !== null ? listening.port : 0;
      resolve({
        address: `127.0.0.1:${port}`,
        connected: connected.promise,
        stop: () => {
          for (const socket of sockets) socket.destroy();
          server.close();
        },
      });
    });
  });
