// The sockets under kafkajs, which copy nothing. A long response is read directly into its final
// buffer; kafkajs's own socket reads 64 KiB at a time into buffers that are joined afterwards. A
// request is sent in the pieces that it is made of.

import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import { hostOf } from './addresses.ts';

const KEEP_ALIVE_DELAY_MS = 60_000;
/** Responses up to about this size arrive with one read. */
const SHORT_BYTES = 64 * 1024;
/** Requests and responses begin with the number of bytes that follow. */
export const SIZE_BYTES = 4;

export const createSocket: ISocketFactory = ({ host: name, port, ssl, onConnect }) => {
  const host = hostOf(name);
  const responses = new ResponseAssembler((response) => socket.emit('data', response));
  const onread = {
    buffer: () => responses.next(),
    callback: (byteLength: number) => {
      responses.received(byteLength);
      return true;
    },
  };
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    : connect({ host, port, onread }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  // Otherwise a request waits until the one before is confirmed, which TCP may put off for 40 ms.
  socket.setNoDelay(true);
  return socket;
};

/** The first piece of a request; the others follow it on the wire. */
export type RequestHead = Buffer & { following?: readonly Uint8Array[] };

/** Makes a socket write a request whose head names the following pieces, without joining them. */
export function writeInPieces(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (chunk: Uint8Array | string, ...rest: unknown[]) => boolean;
  socket.write = (chunk: RequestHead | Uint8Array | string, ...rest: never[]): boolean => {
    const following = typeof chunk === 'object' && 'following' in chunk ? chunk.following : undefined;
    if (following === undefined) return write(chunk, ...rest);
    socket.cork();
    let isTaken = write(chunk);
    for (const piece of following) isTaken = write(piece);
    socket.uncork();
    return isTaken;
  };
  return socket;
}

/**
 * Cuts the bytes of a connection into responses. Each has a buffer of its own, and begins with its
 * size.
 */
export class ResponseAssembler {
  readonly #emit: (response: Buffer) => void;
  readonly #short = Buffer.allocUnsafeSlow(SHORT_BYTES);
  /** Bytes of an unfinished response at the beginning of `#short`. */
  #shortFilled = 0;
  /** A long response that has not arrived completely; null if there is none. */
  #long: Buffer | null = null;
  #longFilled = 0;

  constructor(emit: (response: Buffer) => void) {
    this.#emit = emit;
  }

  /** The buffer for the next bytes. */
  next(): Buffer {
    return this.#long === null
      ? this.#short.subarray(this.#shortFilled)
      : this.#long.subarray(this.#longFilled);
  }

  /** Call it when so many bytes were put into that buffer. */
  received(byteLength: number): void {
    const long = this.#long;
    if (long !== null) {
      this.#longFilled += byteLength;
      if (this.#longFilled < long.byteLength) return;
      this.#long = null;
      this.#emit(long);
      return;
    }
    const end = this.#shortFilled + byteLength;
    const responses: Buffer[] = [];
    let byteAt = 0;
    while (end - byteAt >= SIZE_BYTES) {
      const size = SIZE_BYTES + this.#short.readInt32BE(byteAt);
      if (size > end - byteAt) {
        if (byteAt + size > SHORT_BYTES) this.#beginLong(size, byteAt, end);
        break;
      }
      responses.push(Buffer.from(this.#short.subarray(byteAt, byteAt + size)));
      byteAt += size;
    }
    if (this.#long === null) {
      this.#short.copyWithin(0, byteAt, end);
      this.#shortFilled = end - byteAt;
    } else {
      this.#shortFilled = 0;
    }
    for (const response of responses) this.#emit(response);
  }

  #beginLong(size: number, from: number, to: number): void {
    const long = Buffer.allocUnsafeSlow(size);
    this.#short.copy(long, 0, from, to);
    this.#long = long;
    this.#longFilled = to - from;
  }
}
