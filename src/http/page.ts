// The page: its files, and what it is told, as server-sent events. No request changes anything.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Awaitable } from './admin.ts';
import { Problem } from './problem.ts';
import { addRoutes, type Handler } from './routes.ts';

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

/** Somebody who looks at the page. */
export interface Viewer {
  /** Whether it has not taken yet what it was told before. */
  readonly isBehind: boolean;
  /** A text without line ends. */
  tell(text: string, whenTaken?: () => void): void;
  end(): void;
}

export interface PageSource {
  /** By path. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** False: there are enough viewers. */
  join(viewer: Viewer): Awaitable<boolean>;
  leave(viewer: Viewer): void;
  /** Lets all viewers go. */
  end(): Awaitable<void>;
}

/** Nothing from elsewhere, nothing inline, and in no frame. */
const SAFE = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};
const STREAM = {
  ...SAFE,
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // For nginx, which would keep what is told until there is more.
  'x-accel-buffering': 'no',
};
/** When a browser whose connection is lost tries again. */
const AGAIN_AFTER_MS = 2_000;
const RETRY_AFTER_SECONDS = '30';

export function pageRoutes(app: FastifyInstance<Server>, page: PageSource): void {
  addRoutes(app, Object.fromEntries([...page.files].map(([path, file]) => [path, { GET: served(file) }])));
  addRoutes(app, { '/events': { GET: (request, reply) => events(request, reply, page) } });
  // The server waits for open answers.
  app.addHook('preClose', async () => page.end());
}

const served =
  ({ type, body, etag }: PageFile): Handler =>
  ({ headers }, reply) => {
    reply.headers({ ...SAFE, etag, 'cache-control': 'no-cache' });
    const known = headers['if-none-match']?.split(',').map((each) => each.trim().replace(/^W\//, ''));
    if (known?.includes(etag) === true) return reply.code(304).send();
    return reply.header('content-type', type).send(body);
  };

async function events(request: FastifyRequest, reply: FastifyReply, page: PageSource): Promise<FastifyReply> {
  if (request.method === 'HEAD') return reply.headers(STREAM).send();
  const viewer = viewerOf(reply);
  // It may go while it is asked whether there is room for it.
  reply.raw.once('close', () => page.leave(viewer));
  if (!(await page.join(viewer)))
    throw new Problem(
      503,
      'as many look at the page as may at once',
      { 'retry-after': RETRY_AFTER_SECONDS },
      {},
      'too_many_viewers',
    );
  return reply;
}

/** Its answer begins with the first that it is told. */
function viewerOf(reply: FastifyReply): Viewer {
  const { raw } = reply;
  return {
    get isBehind() {
      return raw.writableLength > 0;
    },
    tell(text, whenTaken) {
      if (!raw.headersSent) {
        reply.hijack();
        raw.writeHead(200, STREAM);
        raw.write(`retry: ${AGAIN_AFTER_MS}\n\n`);
      }
      raw.write(`data: ${text}\n\n`, whenTaken);
    },
    // What it has not taken by now it will not get.
    end: () => (raw.writableLength > 0 ? void raw.destroy() : void raw.end()),
  };
}
