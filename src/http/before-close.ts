// The end of the server: whoever has sent a whole request gets an answer before connections close.

import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { pause } from '../time/timer.ts';
import type { OpenRequests } from './open-requests.ts';

/** Answers come at once, or not at all. */
const ANSWERS_MS = 1_000;
/** Whoever has had an answer on a connection that stays may be sending the next request. */
const QUIET_MS = 50;

/**
 * When the server is told to close, connections stay until none of them brings a request for a
 * moment: each gets one answer more, which says that the connection ends.
 */
export function answerBeforeClose(app: FastifyInstance<Server>, requests: OpenRequests): void {
  app.addHook('preClose', async () => {
    // No more connections come. The server's own way ends those at once that seem to be idle. Of a
    // name with several addresses the framework ends the others with the first.
    if (app.addresses().length === 1) NetServer.prototype.close.call(app.server);
    const untilMs = performance.now() + ANSWERS_MS;
    let before: number;
    do {
      before = requests.come;
      await pause(QUIET_MS);
    } while ((requests.come > before || requests.someWait) && performance.now() < untilMs);
  });
}
