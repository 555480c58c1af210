// The paths of health, metrics, the page and administration, as the document of OpenAPI has them.

import {
  type ApiOperation,
  type ApiParameter,
  type ApiPaths,
  type ApiResponse,
  JSON_MEDIA,
  jsonResponse,
  problemResponses,
  schemaRef,
  type WrongStatus,
} from './openapi-types.ts';

const textResponse = (description: string, type: string): ApiResponse => ({
  description,
  content: { [type]: { schema: { type: 'string' } } },
});

const NOT_MODIFIED = { 304: { description: 'The browser has this file already.' } };
const FILE_TYPES = ['text/css', 'text/javascript', 'image/svg+xml'];
const FILE: ApiParameter = {
  ...{ name: 'file', in: 'path', required: true, schema: { type: 'string' }, example: 'page.css' },
  description: 'The name of a file of the page.',
};
const JOB: ApiParameter = {
  ...{ name: 'job', in: 'path', required: true, schema: { type: 'string' }, example: 'default' },
  description: 'The name of a job; default, where it stands alone in its file.',
};

const health = (operationId: string, summary: string, schema: string): ApiOperation => ({
  ...{ operationId, tags: ['health'], summary },
  responses: { 200: jsonResponse('It is.', schemaRef(schema)), ...problemResponses(500) },
});

const OPEN_PATHS: ApiPaths = {
  '/livez': { get: health('live', 'Whether the process lives', 'Live') },
  '/readyz': {
    get: {
      ...health('ready', 'Whether every job scores what it has to, and if not, why', 'Readiness'),
      responses: {
        200: jsonResponse('Every job does.', schemaRef('Readiness')),
        503: {
          ...(problemResponses(503)[503] as ApiResponse),
          content: {
            'application/problem+json': {
              schema: { allOf: [schemaRef('Problem'), schemaRef('Readiness')] },
            },
          },
        },
        ...problemResponses(500),
      },
    },
  },
  '/metrics': {
    get: {
      ...{
        operationId: 'metrics',
        tags: ['health'],
        summary: 'The metrics in the text format of Prometheus',
      },
      responses: { 200: textResponse('The metrics.', 'text/plain'), ...problemResponses(500) },
    },
  },
  '/openapi.json': {
    get: {
      ...{ operationId: 'openApi', tags: ['health'], summary: 'This document' },
      responses: { 200: jsonResponse('The document.', { type: 'object' }) },
    },
  },
  '/': {
    get: {
      ...{ operationId: 'page', tags: ['page'], summary: 'The page that shows the jobs' },
      responses: { 200: textResponse('The page.', 'text/html'), ...NOT_MODIFIED },
    },
  },
  '/page/{file}': {
    get: {
      ...{ operationId: 'pageFile', tags: ['page'], summary: 'A file of the page', parameters: [FILE] },
      responses: {
        200: {
          description: 'The file.',
          content: Object.fromEntries(FILE_TYPES.map((type) => [type, { schema: { type: 'string' } }])),
        },
        ...NOT_MODIFIED,
        ...problemResponses(400, 404),
      },
    },
  },
  '/events': {
    get: {
      ...{
        operationId: 'events',
        tags: ['page'],
        summary: 'What the page is told, once a second, without end',
      },
      responses: { 200: textResponse('Events.', 'text/event-stream'), ...problemResponses(503) },
    },
  },
};

/** Only for who sends the token of http.adminToken. */
const admin = (
  operationId: string,
  summary: string,
  responses: Readonly<Record<string, ApiResponse>>,
  ...wrong: WrongStatus[]
): ApiOperation => ({
  ...{ operationId, tags: ['administration'], summary, security: [{ adminToken: [] }] },
  responses: { ...responses, ...problemResponses(401, 403, ...wrong) },
});

const done = (schema: string): Readonly<Record<string, ApiResponse>> => ({
  200: jsonResponse('Done.', schemaRef(schema)),
});
/** Of a request with a body, wanted or not. */
const BODY = [400, 413, 415] as const;
const ofJob = (operation: ApiOperation): ApiOperation => ({ ...operation, parameters: [JOB] });

/** Of the versions of a job's model; its body has a schema of the same name. */
function ordered(operationId: string, summary: string): ApiPaths[string] {
  const schema = schemaRef(`${operationId[0]?.toUpperCase()}${operationId.slice(1)}`);
  return {
    post: {
      ...ofJob(admin(operationId, summary, done('OrderedVersion'), ...BODY, 404, 409, 414)),
      requestBody: { content: { [JSON_MEDIA]: { schema } } },
    },
  };
}

const ADMIN_PATHS: ApiPaths = {
  '/admin/log-level': {
    get: admin('logLevel', 'The level of the log', done('LogLevel')),
    put: {
      ...admin('setLogLevel', 'Sets the level of the log', done('LogLevel'), ...BODY),
      requestBody: { required: true, content: { [JSON_MEDIA]: { schema: schemaRef('LogLevel') } } },
    },
  },
  '/admin/drain': {
    post: admin(
      'drain',
      'Ends the process in order, as SIGTERM does',
      { 202: jsonResponse('It ends.', schemaRef('Draining')) },
      ...BODY,
    ),
  },
  '/admin/reload': {
    post: admin('reload', 'Reads the configuration again', done('Reloaded'), ...BODY, 409, 500),
  },
  '/admin/models': { get: admin('models', 'What each job serves', done('Models')) },
  '/admin/models/{job}/promote': ordered('promote', 'Labels a version: as stable, unless said otherwise'),
  '/admin/models/{job}/rollback': ordered('rollback', 'Takes the last promotion back'),
  '/admin/models/{job}/pin': ordered('pin', 'Lets a version serve whatever is added or promoted'),
  '/admin/models/{job}/look': ordered('look', 'Looks at the repository now, which version shall serve'),
  '/admin/jobs/{job}/pause': {
    post: ofJob(admin('pause', 'Pauses the stream of a job', done('Paused'), ...BODY, 404, 414)),
  },
  '/admin/jobs/{job}/resume': {
    post: ofJob(admin('resume', 'Lets the stream of a job go on', done('Paused'), ...BODY, 404, 414)),
  },
  '/admin/jobs/{job}/dump': {
    post: ofJob(admin('dump', 'Writes the state of a job to a file', done('Dumped'), ...BODY, 404, 414, 500)),
  },
};

export const OPERATED_PATHS: ApiPaths = { ...OPEN_PATHS, ...ADMIN_PATHS };
