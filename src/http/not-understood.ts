// What somebody gets whose bytes never became a request: a problem too, as every other refusal.

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { OpenRequests } from './open-requests.ts';
import { PROBLEM_TYPE, Problem, problemBody } from './problem.ts';
import type { HttpRejection } from './rejections.ts';

/** By the codes of Node's server; null where the connection was lost and nobody is refused. */
function problemIn({ code = '' }: NodeJS.ErrnoException): Problem | null {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem(408, 'expected the whole request in time (http.requestTimeout)');
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Problem(431, 'expected shorter headers: all of them together take at most 16 KiB');
  return code.startsWith('HPE_')
    ? new Problem(400, 'expected a request of HTTP/1.1, found something else')
    : null;
}

/**
 * For the server's event `clientError`: answers, unless a request before it waits for its own
 * answer, and ends the connection.
 */
export const refuseConnection =
  (requests: OpenRequests, rejected: (reason: HttpRejection) => void) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    const refused = problemIn(error);
    if (refused !== null) rejected(refused.reason);
    if (refused === null || !socket.writable || requests.waitOn(socket)) {
      socket.destroy(error);
      return;
    }
    const { statusCode, message } = refused;
    const body = problemBody(statusCode, message);
    const head = [
      `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
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
