// The end of the server: whoever has sent a whole request gets an answer before connections close.

import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { pause } from '../time/timer.ts';

/** Answers come at once, or not at all. */
const ANSWERS_MS = 1_000;
/** Whoever has had an answer on a connection that stays may be sending the next request. */
const QUIET_MS = 50;

/**
 * When the server is told to close, connections stay until none of them brings a request for a
 * moment: each gets one answer more, which says that the connection ends.
 */
export function answerBeforeClose(app: FastifyInstance<Server>): void {
  const open = new Set<FastifyRequest['raw']>();
  let hasCome = false;
  app.addHook('onRequest', (request, reply, done) => {
    hasCome = true;
    open.add(request.raw);
    reply.raw.once('close', () => open.delete(request.raw));
    done();
  });
  app.addHook('preClose', async () => {
    // No more connections come. The server's own way ends those at once that seem to be idle.
    NetServer.prototype.close.call(app.server);
    const untilMs = performance.now() + ANSWERS_MS;
    do {
      hasCome = false;
      await pause(QUIET_MS);
    } while ((hasCome || [...open].some(({ complete }) => complete)) && performance.now() < untilMs);
  });
}
