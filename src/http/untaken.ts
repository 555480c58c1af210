// Answers that nobody takes: until an answer has left, its request holds room that others need.

import type { Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { after, type Cancel } from '../time/timer.ts';

/** Closes the connection of a client that has not taken its answer after so long. */
export function endUntaken(app: FastifyInstance<Server>, limitMs: number, onEnd: () => void): void {
  app.addHook('onSend', (request, { raw }, payload, done) => {
    const { socket } = request.raw;
    // The client went before, or was sent away.
    if (raw.closed) {
      done(null, payload);
      return;
    }
    let cancel: Cancel = () => {};
    const begin = (): void => {
      cancel = after(
        limitMs,
        () => {
          onEnd();
          socket.destroy();
        },
        { keepsAlive: false },
      );
    };
    // One that waits for answers before it on its connection is not there to be taken.
    if (raw.socket === null) raw.once('socket', begin);
    else begin();
    raw.once('close', () => cancel());
    done(null, payload);
  });
}
