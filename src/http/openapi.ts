// GET /openapi.json: all that this process serves, as a document of OpenAPI 3.1. It is written by
// hand beside the routes; what is switched off is left out.

import type { Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { INFERENCE_PATHS } from './openapi-inference.ts';
import { OPERATED_PATHS } from './openapi-operated.ts';
import { API_SCHEMAS } from './openapi-schemas.ts';
import type { ApiPaths } from './openapi-types.ts';
import { addRoutes, type ServedRoute } from './routes.ts';

const DESCRIPTION =
  'Health, metrics, administration, and scores for records and tensors. Whatever has GET has HEAD. Another method ' +
  'of a path is 405 with Allow, another path 404. A request that does not come in time is 408, and its connection is ended.';

/** Whether a route stands behind a path and method of the document. */
const isBehind = ({ method, url }: ServedRoute, path: string, apiMethod: string): boolean =>
  method.toLowerCase() === apiMethod && apiPathOf(method, url) === path;

/** A path of the server as the document writes it. */
export function apiPathOf(method: string, url: string): string {
  if (url.startsWith('/page/')) return '/page/{file}';
  const path = url.replace(/:(\w+)/g, '{$1}');
  // A verb of TensorFlow Serving is a part of the name for the server.
  return method === 'POST' && path.startsWith('/v1/models/') ? `${path}:predict` : path;
}

/** The document for a process with these routes. */
export function openApi(version: string, routes: readonly ServedRoute[]): object {
  const all: ApiPaths = { ...OPERATED_PATHS, ...INFERENCE_PATHS };
  const paths = Object.entries(all).flatMap(([path, operations]) => {
    const served = Object.entries(operations).filter(([method]) =>
      routes.some((route) => isBehind(route, path, method)),
    );
    return served.length === 0 ? [] : [[path, Object.fromEntries(served)] as const];
  });
  return {
    openapi: '3.1.0',
    info: { title: 'scorelane', version, description: DESCRIPTION, license: { name: 'Apache-2.0' } },
    paths: Object.fromEntries(paths),
    components: {
      schemas: API_SCHEMAS,
      securitySchemes: {
        adminToken: { type: 'http', scheme: 'bearer', description: 'The token of http.adminToken.' },
      },
    },
  };
}

/** `routes` is filled by the time of the first request. */
export function openApiRoutes(
  app: FastifyInstance<Server>,
  version: string,
  routes: readonly ServedRoute[],
): void {
  addRoutes(app, { '/openapi.json': { GET: () => openApi(version, routes) } });
}
