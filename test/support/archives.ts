// Archives of models, sound ones and such as nobody should unpack, and a server that gives them.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

const BLOCK = 512;

type HeaderData = ConstructorParameters<typeof Header>[0];

export interface Entry {
  readonly path: string;
  readonly content?: Uint8Array | string;
  /** A file unless given. */
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'FIFO';
  readonly linkpath?: string;
  /** What its header says, whatever the content is. */
  readonly size?: number;
}

/** A tar archive as its bytes stand in the standard, with whatever an entry says. */
export function tarOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, content = '', type = 'File', linkpath, size }) => {
    const bytes = Buffer.from(content as string);
    const block = Buffer.alloc(BLOCK);
    const data = { path, type, mode: 0o644, size: size ?? bytes.length, mtime: new Date(0), linkpath };
    new Header(data as HeaderData).encode(block);
    const rest = (BLOCK - (bytes.length % BLOCK)) % BLOCK;
    return [block, bytes, Buffer.alloc(rest)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** The files of a folder, under another one in the archive. */
export const entriesOf = (folder: string, under = ''): Entry[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => ({ path: `${under}${name}`, content: readFileSync(join(folder, name)) }));

export const packed = (entries: readonly Entry[]): Buffer => gzipSync(tarOf(entries));

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers what the test says, by path; and remembers what it was asked. */
export class ArchiveServer {
  readonly answers = new Map<string, Answer>();
  readonly asked: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = [];
  readonly #server;
  readonly #protocol: string;

  constructor(tls?: { readonly cert: string; readonly key: string }) {
    const listener: RequestListener = (request, response) => {
      const path = request.url ?? '';
      this.asked.push({ path, headers: request.headers });
      const answer = this.answers.get(path.replace(/\?.*/, ''));
      if (answer === undefined) response.writeHead(404).end('no such file');
      else answer(request, response);
    };
    this.#protocol = tls === undefined ? 'http' : 'https';
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  }

  async start(t: { teardown(end: () => unknown): void }): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      this.#server.closeAllConnections();
      this.#server.close();
    });
    return this;
  }

  give(path: string, body: Uint8Array | string, headers: Record<string, string> = {}): void {
    this.answers.set(path, (_, response) => response.writeHead(200, headers).end(body));
  }

  url(path: string): URL {
    const { port } = this.#server.address() as AddressInfo;
    return new URL(`${this.#protocol}://127.0.0.1:${port}${path}`);
  }
}
