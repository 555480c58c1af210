// Counts what is refused: requests by the reason of their problem, and connections that never came
// so far.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { refuseExpectation } from './not-understood.ts';
import type { HttpRejection } from './rejections.ts';

const reasons = new WeakMap<FastifyReply, HttpRejection>();

/** This reply refuses. */
export function refusedFor(reply: FastifyReply, { reason }: { readonly reason: HttpRejection }): void {
  reasons.set(reply, reason);
}

export function countRejections(
  app: FastifyInstance<Server>,
  rejected: (reason: HttpRejection) => void,
): void {
  app.addHook('onResponse', async (_, reply) => {
    const reason = reasons.get(reply);
    if (reason !== undefined) rejected(reason);
  });
  app.server.on('drop', () => rejected('connections'));
  app.server.on('checkExpectation', refuseExpectation(rejected));
}
