// The requests that have come and whose answers have not left, by their connections: an answer that
// waits for another on its connection, which then closes, never says that it closes too.

import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

const hasWhole = (open: ReadonlySet<IncomingMessage>): boolean => [...open].some(({ complete }) => complete);

export class OpenRequests {
  readonly #open = new Map<Socket, Set<IncomingMessage>>();
  /** So many have come. */
  come = 0;

  watch(app: FastifyInstance<Server>): void {
    app.addHook('onRequest', ({ raw: request }, reply, done) => {
      this.come++;
      const open = this.#on(request.socket);
      open.add(request);
      reply.raw.once('close', () => open.delete(request));
      done();
    });
  }

  /** Whether one has come as a whole, and waits for its answer. */
  get someWait(): boolean {
    return [...this.#open.values()].some(hasWhole);
  }

  /** Whether what is written to that connection would be taken for the answer to one of them. */
  waitOn(socket: Socket): boolean {
    return hasWhole(this.#open.get(socket) ?? new Set());
  }

  #on(socket: Socket): Set<IncomingMessage> {
    let open = this.#open.get(socket);
    if (open === undefined) {
      open = new Set();
      this.#open.set(socket, open);
      socket.once('close', () => this.#open.delete(socket));
    }
    return open;
  }
}
