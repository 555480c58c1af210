// Administration: only for who sends the token of http.adminToken. Without a token it is off.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';
import { addRoutes } from './routes.ts';
import { requireToken } from './token.ts';
import { ORDERS, type OrderedVersion, type VersionOrder, versionOrder } from './version-order.ts';

/** What another thread tells comes later. */
export type Awaitable<T> = T | Promise<T>;

/** What can be asked of the process. */
export interface Admin {
  readonly logLevels: readonly string[];
  logLevel(): Awaitable<string>;
  setLogLevel(level: string): Awaitable<void>;
  /** Ends the process in order, as SIGTERM does. */
  drain(): Awaitable<void>;
  /**
   * Writes the state of a job to a file: its path, or null if that failed. Undefined: no such job
   * runs.
   */
  dump(job: string): Awaitable<string | null | undefined>;
  /** Pauses a job, or lets it go on. False: no such job runs. */
  hold(job: string, isHeld: boolean): Awaitable<boolean>;
  /**
   * Reads the configuration again. What it did, or what is wrong with the file: then nothing has
   * changed. Null: it came from no file.
   */
  reload(): Awaitable<object | { readonly mistakes: readonly string[] } | null>;
  /** What each job serves, and the versions of its model. */
  models(): Awaitable<readonly object[]>;
  /**
   * Moves a label of a job's model, or only looks which version shall serve; then that is done.
   * Undefined: no such job runs.
   */
  orderVersion(job: string, order: VersionOrder): Promise<OrderedVersion | undefined>;
}

const notRunning = (job: string): Problem => new Problem(404, `no job "${job}" runs now`);

export function adminRoutes(app: FastifyInstance<Server>, token: string | null, admin: Admin): void {
  app.addHook('onRequest', async (request) => requireToken(request, token));
  const held =
    (isHeld: boolean) =>
    async ({ params }: FastifyRequest): Promise<object> => {
      const { job } = params as { readonly job: string };
      if (!(await admin.hold(job, isHeld))) throw notRunning(job);
      return { job, paused: isHeld };
    };
  addRoutes(app, {
    '/admin/log-level': {
      GET: async () => ({ level: await admin.logLevel() }),
      PUT: async ({ body }) => {
        const { level } = (body ?? {}) as { readonly level?: unknown };
        if (typeof level !== 'string' || !admin.logLevels.includes(level))
          throw new Problem(400, `level: expected one of ${admin.logLevels.join(', ')}`);
        await admin.setLogLevel(level);
        return { level };
      },
    },
    '/admin/drain': {
      POST: async (_, reply) => {
        await admin.drain();
        return reply.code(202).send({ status: 'draining' });
      },
    },
    '/admin/reload': {
      POST: async () => {
        const done = await admin.reload();
        if (done === null)
          throw new Problem(409, 'the configuration is that of a demo: there is no file to read');
        if ('mistakes' in done)
          throw new Problem(
            400,
            `nothing has changed: ${(done.mistakes as readonly string[]).join('\n')}`,
            {},
            done,
          );
        return done;
      },
    },
    '/admin/models': { GET: async () => ({ models: await admin.models() }) },
    ...Object.fromEntries(
      ORDERS.map((type) => [
        `/admin/models/:job/${type}`,
        {
          POST: async ({ params, body }: FastifyRequest) => {
            const { job } = params as { readonly job: string };
            const ordered = await admin.orderVersion(job, versionOrder(type, body));
            if (ordered === undefined) throw notRunning(job);
            if ('refused' in ordered) throw new Problem(409, ordered.refused);
            return { job, ...ordered };
          },
        },
      ]),
    ),
    '/admin/jobs/:job/pause': { POST: held(true) },
    '/admin/jobs/:job/resume': { POST: held(false) },
    '/admin/jobs/:job/dump': {
      POST: async ({ params }) => {
        const { job } = params as { readonly job: string };
        const path = await admin.dump(job);
        if (path === undefined) throw notRunning(job);
        if (path === null) throw new Problem(500, 'the dump failed; the log has the cause');
        return { path };
      },
    },
  });
}
