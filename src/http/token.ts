// Who may administer: whoever sends the token of http.adminToken. Without a token nobody may.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Digests have one length, so the comparison takes one time, whatever was sent. */
const isSame = (left: string, right: string): boolean => timingSafeEqual(digest(left), digest(right));

const sentWith = ({ headers }: FastifyRequest): string | undefined =>
  /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1];

/** Whether the request has the token, where more is told to whoever has it. */
export function hasToken(request: FastifyRequest, token: string | null): boolean {
  const sent = sentWith(request);
  return token !== null && sent !== undefined && isSame(sent, token);
}

/** Throws a `Problem` for any other request. */
export function requireToken(request: FastifyRequest, token: string | null): void {
  if (token === null)
    throw new Problem(403, 'administration is off: set http.adminToken, or SCORELANE_HTTP_ADMIN_TOKEN');
  const sent = sentWith(request);
  if (sent === undefined)
    throw new Problem(401, 'expected the header Authorization: Bearer and the token', {
      'www-authenticate': 'Bearer realm="scorelane"',
    });
  if (!isSame(sent, token)) throw new Problem(403, 'the token is another than that of http.adminToken');
}
