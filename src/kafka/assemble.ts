// A request as it goes over the wire, in place of kafkajs's function, which copies the body twice,
// into buffers of twice its size. Here a long one is not copied: it is sent in pieces. To join a
// short one costs less than to send its pieces.

import type { Pieces } from './produce-request.ts';
import { type RequestHead, SIZE_BYTES } from './socket.ts';

/** kafkajs's request: what it is, and how its body is made. */
export interface WireRequest {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  expectResponse?(): boolean;
  encode(): Promise<{ readonly buffer: Buffer } | Pieces>;
}

interface Assembling {
  readonly correlationId: number;
  readonly clientId: string;
  readonly request: WireRequest;
}

/** Without the client id. */
const HEAD_BYTES = 14;
const SHORT_BYTES = 16 * 1024;

export async function assembleRequest({
  correlationId,
  clientId,
  request: { apiKey, apiVersion, encode },
}: Assembling): Promise<{ readonly buffer: RequestHead }> {
  const body = await encode();
  const following = 'pieces' in body ? body.pieces : [body.buffer];
  const idBytes = Buffer.byteLength(clientId);
  const headBytes = HEAD_BYTES + idBytes;
  const byteLength = following.reduce((sum, piece) => sum + piece.byteLength, headBytes);
  const isShort = byteLength <= SHORT_BYTES;
  const head: RequestHead = Buffer.allocUnsafe(isShort ? byteLength : headBytes);
  let byteAt = head.writeInt32BE(byteLength - SIZE_BYTES, 0);
  byteAt = head.writeInt16BE(apiKey, byteAt);
  byteAt = head.writeInt16BE(apiVersion, byteAt);
  byteAt = head.writeInt32BE(correlationId, byteAt);
  byteAt = head.writeInt16BE(idBytes, byteAt);
  byteAt += head.write(clientId, byteAt);
  if (!isShort) head.following = following;
  else
    for (const piece of following) {
      head.set(piece, byteAt);
      byteAt += piece.byteLength;
    }
  return { buffer: head };
}
