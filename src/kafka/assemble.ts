// A request as it goes over the wire, in place of kafkajs's function, which copies the body twice,
// into buffers of twice its size. Here nothing is copied.

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

export async function assembleRequest({
  correlationId,
  clientId,
  request: { apiKey, apiVersion, encode },
}: Assembling): Promise<{ readonly buffer: RequestHead }> {
  const body = await encode();
  const following = 'pieces' in body ? body.pieces : [body.buffer];
  const idBytes = Buffer.byteLength(clientId);
  const head: RequestHead = Buffer.allocUnsafe(HEAD_BYTES + idBytes);
  const byteLength = following.reduce((sum, piece) => sum + piece.byteLength, head.byteLength);
  let byteAt = head.writeInt32BE(byteLength - SIZE_BYTES, 0);
  byteAt = head.writeInt16BE(apiKey, byteAt);
  byteAt = head.writeInt16BE(apiVersion, byteAt);
  byteAt = head.writeInt32BE(correlationId, byteAt);
  head.write(clientId, head.writeInt16BE(idBytes, byteAt));
  head.following = following;
  return { buffer: head };
}
