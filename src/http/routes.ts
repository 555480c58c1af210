// Paths with their methods. A path that is asked by another method says which it has.

import type { Server } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { Problem } from './problem.ts';

export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;
/** By path and method. */
export type Routes = Readonly<Record<string, Readonly<Partial<Record<'GET' | 'POST' | 'PUT', Handler>>>>>;

export interface ServedRoute {
  readonly method: string;
  /** As the framework writes it: `/v1/score/:job`. */
  readonly url: string;
}

/** Marks a route that only refuses. */
const REFUSES = { refuses: true };

/** The routes that are added from now on, without those that refuse, and those of HEAD. */
export function collectRoutes(app: FastifyInstance<Server>): readonly ServedRoute[] {
  const routes: ServedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config !== undefined && 'refuses' in config) return;
    for (const each of [method].flat()) if (each !== 'HEAD') routes.push({ method: each, url });
  });
  return routes;
}

/** A path has these methods and no other. */
export const notAllowed = (allowed: readonly string[]): Problem =>
  new Problem(405, `expected ${allowed.join(' or ')}`, { allow: allowed.join(', ') });

/** All that the framework lets through. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'] as const;
/** A path that has other methods only says which. */
export function addRoutes(app: FastifyInstance<Server>, routes: Routes): void {
  for (const [url, handlers] of Object.entries(routes)) {
    for (const [method, handler] of Object.entries(handlers))
      app.route({
        method: method as HTTPMethods,
        url,
        handler: async (request, reply) => handler(request, reply),
      });
    const allowed = Object.keys(handlers);
    if (allowed.includes('GET')) allowed.push('HEAD');
    const refuse = async (): Promise<never> => {
      throw notAllowed(allowed);
    };
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url,
      config: REFUSES,
      // Before the body is read.
      onRequest: refuse,
      handler: refuse,
    });
  }
}
