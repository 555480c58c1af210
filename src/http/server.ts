// The HTTP server of a process: health, metrics, administration. It begins before the jobs and ends
// after them. It asks for what it answers at the moment of a request.

import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:tls';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Admin, type Awaitable, adminRoutes } from './admin.ts';
import { answerBeforeClose } from './before-close.ts';
import { refuseConnection } from './not-understood.ts';
import { openInferenceRoutes } from './open-inference.ts';
import { OpenRequests } from './open-requests.ts';
import { openApiRoutes } from './openapi.ts';
import { type PageSource, pageRoutes } from './page.ts';
import { PROBLEM_TYPE, Problem, problemBody, problemOf } from './problem.ts';
import { notReadyProblem, type Readiness } from './readiness.ts';
import { countRejections, refusedFor } from './refused.ts';
import type { HttpRejection } from './rejections.ts';
import { addRoutes, collectRoutes, type Routes, type ServedRoute } from './routes.ts';
import { scoreRoutes } from './score.ts';
import type { Serving } from './serving.ts';
import { tfServingRoutes } from './tf-serving.ts';
import { readTls, renewTls, type TlsFiles } from './tls.ts';
import { endUntaken } from './untaken.ts';

/** What the process tells and does. */
export interface Operated {
  /** Of scorelane. */
  readonly version: string;
  /** Resolves as long as the thread that moves the streams is alive. */
  live(): Awaitable<void>;
  readiness(): Awaitable<Readiness>;
  /** The metrics in the text format of Prometheus. */
  metrics(): Promise<string>;
  readonly metricsType: string;
  readonly admin: Admin;
  /** Null where no page is wanted. */
  readonly page: PageSource | null;
  /** A request was answered. `route` is a pattern, so there are few. */
  answered(method: string, route: string, status: number, seconds: number): void;
  /** A request, or a connection, was refused. */
  rejected(reason: HttpRejection): void;
  /** A request met a fault of ours. */
  failed(error: Error, route: string): void;
  /** A certificate was replaced by one that cannot be used. */
  notRenewed(error: Error): void;
}

export interface HttpLimits {
  readonly bodyBytes: number;
  readonly requestTimeoutMs: number;
  readonly connectionsMax: number;
  /** Null: no encryption. */
  readonly tls: TlsFiles | null;
}

/** Headers come in one go; who takes longer holds a connection for nothing. */
const HEADERS_TIMEOUT_MS = 10_000;
const LATE_CHECK_MS_MAX = 1_000;

export class HttpServer {
  readonly #app: FastifyInstance<Server>;
  readonly #limits: HttpLimits;
  /** All that is served. */
  readonly routes: readonly ServedRoute[];

  private constructor(app: FastifyInstance<Server>, limits: HttpLimits, routes: readonly ServedRoute[]) {
    this.#app = app;
    this.routes = routes;
    this.#limits = limits;
  }

  /** Rejects with Node's error where it cannot listen. */
  static async start(
    address: { readonly host: string; readonly port: number },
    limits: HttpLimits,
    adminToken: string | null,
    operated: Operated,
    serving: Serving | null = null,
  ): Promise<HttpServer> {
    const requests = new OpenRequests();
    const app = newApp(limits, operated, requests);
    const routes = collectRoutes(app);
    addRoutes(app, healthRoutes(operated));
    openApiRoutes(app, operated.version, routes);
    if (operated.page !== null) pageRoutes(app, operated.page);
    // After the page, which lets its viewers go.
    answerBeforeClose(app, requests);
    await app.register(async (scope) => adminRoutes(scope, adminToken, operated.admin));
    if (serving !== null) {
      const errors = { limits, failed: operated.failed };
      await app.register(async (scope) => scoreRoutes(scope, serving, limits.bodyBytes));
      await app.register(async (scope) => openInferenceRoutes(scope, serving, errors, adminToken), {
        prefix: '/v2',
      });
      await app.register(async (scope) => tfServingRoutes(scope, serving, errors), { prefix: '/v1/models' });
    }
    try {
      await app.listen(address);
    } catch (error) {
      await app.close();
      throw error;
    }
    return new HttpServer(app, limits, routes);
  }

  /** `http://127.0.0.1:8080`, or https. */
  get url(): string {
    const address = this.#app.server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `${this.#limits.tls === null ? 'http' : 'https'}://${host}:${address.port}`;
  }

  /** Open requests are ended. */
  async stop(): Promise<void> {
    await this.#app.close();
  }
}

function newApp(limits: HttpLimits, operated: Operated, requests: OpenRequests): FastifyInstance<Server> {
  const { tls } = limits;
  const timeouts = {
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, limits.requestTimeoutMs),
    // Node looks for those who are late every 30 s, unless told.
    connectionsCheckingInterval: Math.min(LATE_CHECK_MS_MAX, Math.ceil(limits.requestTimeoutMs / 4)),
  };
  const secure = {
    ...timeouts,
    ...(tls === null ? {} : readTls(tls)),
    ...(tls?.clientAuthority === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
  };
  const app: FastifyInstance<Server> = Fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    ...(tls === null ? { http: timeouts } : { https: secure }),
    forceCloseConnections: true,
    // Its answer would be no problem, and say nothing of when to come again.
    return503OnClosing: false,
    clientErrorHandler: refuseConnection(requests, (reason) => operated.rejected(reason)),
    frameworkErrors: (error, _, reply) => {
      const problem = problemOf(error, limits);
      // It has no route, and no hook is called for it.
      operated.rejected(problem.reason);
      return answerProblem(reply, problem);
    },
  });
  requests.watch(app);
  countRejections(app, operated.rejected.bind(operated));
  endUntaken(app, limits.requestTimeoutMs, () => operated.rejected('slow'));
  // JSON is what is read.
  app.removeContentTypeParser('text/plain');
  app.server.maxConnections = limits.connectionsMax;
  if (tls !== null) {
    const cancel = renewTls(app.server as Server & TlsServer, tls, operated.notRenewed);
    app.addHook('onClose', async () => cancel());
  }
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, limits);
    if (problem.statusCode >= 500 && !(error instanceof Problem))
      operated.failed(error as Error, routeOf(request));
    return answerProblem(reply, problem);
  });
  app.setNotFoundHandler(({ url }, reply) =>
    answerProblem(reply, new Problem(404, `nothing is served at ${url.split('?', 1)[0]}`)),
  );
  app.addHook('onResponse', async (request, reply) => {
    operated.answered(request.method, routeOf(request), reply.statusCode, reply.elapsedTime / 1000);
  });
  return app;
}

const routeOf = ({ routeOptions }: FastifyRequest): string => routeOptions.url ?? 'none';

function answerProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { statusCode, message, headers, more } = problem;
  refusedFor(reply, problem);
  return reply
    .code(statusCode)
    .headers({ ...headers, 'content-type': PROBLEM_TYPE })
    .send(problemBody(statusCode, message, more));
}

const healthRoutes = (operated: Operated): Routes => ({
  '/livez': {
    GET: async () => {
      await operated.live();
      return { status: 'live' };
    },
  },
  '/readyz': {
    GET: async (_, reply) => {
      const readiness = await operated.readiness();
      if (!readiness.ready) return notReadyProblem(reply, readiness);
      return readiness;
    },
  },
  '/metrics': {
    GET: async (_, reply) => {
      const text = await operated.metrics();
      return reply.header('content-type', operated.metricsType).send(text);
    },
  },
});
