// What somebody gets whose bytes never became a request: a problem too, as every other refusal.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { OpenRequests } from './open-requests.ts';
import { PROBLEM_TYPE, problemBody } from './problem.ts';
import type { HttpRejection } from './rejections.ts';

interface NotUnderstood {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly reason: HttpRejection;
}

const SLOW: NotUnderstood = {
  status: 408,
  title: 'Request Timeout',
  detail: 'expected the whole request in time (http.requestTimeout)',
  reason: 'slow',
};
const LONG_HEAD: NotUnderstood = {
  status: 431,
  title: 'Request Header Fields Too Large',
  detail: 'expected shorter headers: all of them together take at most 16 KiB',
  reason: 'malformed',
};
const MALFORMED: NotUnderstood = {
  status: 400,
  title: 'Bad Request',
  detail: 'expected a request of HTTP/1.1, found something else',
  reason: 'malformed',
};

/** By the codes of Node's server; null where the connection was lost and nobody is refused. */
function notUnderstood({ code = '' }: NodeJS.ErrnoException): NotUnderstood | null {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return SLOW;
  if (code === 'HPE_HEADER_OVERFLOW') return LONG_HEAD;
  return code.startsWith('HPE_') ? MALFORMED : null;
}

/**
 * For the server's event `clientError`: answers, unless a request before it waits for its own
 * answer, and ends the connection.
 */
export const refuseConnection =
  (requests: OpenRequests, rejected: (reason: HttpRejection) => void) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    const refused = notUnderstood(error);
    if (refused !== null) rejected(refused.reason);
    if (refused === null || !socket.writable || requests.waitOn(socket)) {
      socket.destroy(error);
      return;
    }
    const body = problemBody(refused.status, refused.detail);
    const head = [
      `HTTP/1.1 ${refused.status} ${refused.title}`,
      `content-type: ${PROBLEM_TYPE}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  };

/** For the server's event `checkExpectation`: all but `100-continue`. */
export const refuseExpectation =
  (rejected: (reason: HttpRejection) => void) =>
  ({ headers }: IncomingMessage, response: ServerResponse): void => {
    rejected('malformed');
    response
      .writeHead(417, { 'content-type': PROBLEM_TYPE, connection: 'close' })
      .end(problemBody(417, `expected no Expect but 100-continue, found ${JSON.stringify(headers.expect)}`));
  };
