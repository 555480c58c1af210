// The paths that score, as the document of OpenAPI has them.

import {
  type ApiOperation,
  type ApiParameter,
  type ApiPaths,
  BYTES_MEDIA,
  errorResponses,
  JSON_MEDIA,
  jsonResponse,
  problemResponses,
  schemaRef,
} from './openapi-types.ts';

const named = (name: string, description: string, example: string): ApiParameter => ({
  ...{ name, in: 'path', required: true, description, example },
  schema: { type: 'string', minLength: 1 },
});
const JOB = named('job', 'The name of a job; default, where it stands alone in its file.', 'default');
const MODEL = named('model', 'The name of a model.', 'creditcard');
const VERSION = named('version', 'Its version.', '1');
const JSON_LENGTH: ApiParameter = {
  ...{ name: 'inference-header-content-length', in: 'header', schema: { type: 'integer', minimum: 1 } },
  description: 'How many bytes of the body are JSON; behind them are those of the tensors.',
};
const BYTES = { schema: { type: 'string', format: 'binary' } };

/** Of the model creditcard. */
const ROW = Array.from({ length: 29 }, (_, column) => column / 10);
const INFER_EXAMPLE = {
  id: 'a',
  inputs: [{ name: 'features', datatype: 'FP32', shape: [1, ROW.length], data: ROW }],
};
const RECORD = { id: 17, V1: -1.36, V2: -0.07 };

/** What may be wrong with a request that scores. */
const SCORING = [400, 404, 413, 414, 415, 500, 503, 504] as const;

const SCORE: ApiOperation = {
  ...{ operationId: 'score', tags: ['records'], parameters: [JOB] },
  summary: 'Scores records as the input of the job has them',
  requestBody: {
    required: true,
    content: {
      [JSON_MEDIA]: { schema: schemaRef('Records'), example: { records: [RECORD] } },
      'application/x-ndjson': { schema: { type: 'string', description: 'A record in each line.' } },
      [BYTES_MEDIA]: BYTES,
    },
  },
  responses: {
    200: jsonResponse('An answer for each record, in order.', schemaRef('Answers')),
    ...problemResponses(...SCORING, 421, 501),
  },
};

/** Of a model, and the same with `/versions/<version>`. */
function bothPaths(path: string, ending: string, method: 'get' | 'post', operation: ApiOperation): ApiPaths {
  const { operationId, parameters = [] } = operation;
  return {
    [`${path}/{model}${ending}`]: { [method]: { ...operation, parameters: [MODEL, ...parameters] } },
    [`${path}/{model}/versions/{version}${ending}`]: {
      [method]: {
        ...operation,
        operationId: `${operationId}OfVersion`,
        parameters: [MODEL, VERSION, ...parameters],
      },
    },
  };
}

const told = (tag: string, operationId: string, summary: string, schema: string): ApiOperation => ({
  ...{ operationId, tags: [tag], summary },
  responses: {
    200: jsonResponse('Told.', schemaRef(schema)),
    ...errorResponses(400, 404, 414, 503),
  },
});

const OPEN_INFERENCE = 'Open Inference Protocol';
const server = (operationId: string, summary: string, schema: string): ApiOperation => ({
  ...{ operationId, tags: [OPEN_INFERENCE], summary },
  responses: { 200: jsonResponse('Told.', schemaRef(schema)) },
});

const INFER: ApiOperation = {
  ...{ operationId: 'infer', tags: [OPEN_INFERENCE], summary: 'The outputs of a model for tensors' },
  parameters: [JSON_LENGTH],
  requestBody: {
    required: true,
    content: {
      [JSON_MEDIA]: { schema: schemaRef('InferenceRequest'), example: INFER_EXAMPLE },
      [BYTES_MEDIA]: BYTES,
    },
  },
  responses: {
    200: {
      description: 'The outputs; as bytes, where any of them is wanted so.',
      content: { [JSON_MEDIA]: { schema: schemaRef('InferenceAnswer') }, [BYTES_MEDIA]: BYTES },
    },
    ...errorResponses(...SCORING),
  },
};

const repository = (
  operationId: string,
  summary: string,
  responses: ApiOperation['responses'],
  schema: string,
): ApiOperation => ({
  ...{ operationId, tags: [OPEN_INFERENCE], summary, responses },
  requestBody: { content: { [JSON_MEDIA]: { schema: schemaRef(schema) } } },
});
/** What may be wrong with a request that has a body and scores nothing. */
const ASKING = [400, 413, 415, 503] as const;

const LOAD: ApiOperation = {
  ...repository(
    'repositoryLoad',
    'Looks at the repository now; the version that shall serve does then',
    {
      200: jsonResponse('It serves.', { type: 'object' }),
      ...errorResponses(...ASKING, 401, 403, 404, 414),
    },
    'RepositoryLoad',
  ),
  ...{ parameters: [MODEL], security: [{ adminToken: [] }] },
};
const UNLOAD: ApiOperation = {
  ...repository(
    'repositoryUnload',
    'Refused: versions that nothing needs are unloaded by themselves',
    errorResponses(...ASKING, 404, 414),
    'RepositoryLoad',
  ),
  parameters: [MODEL],
};

const TF_SERVING = 'TensorFlow Serving';
const PREDICT: ApiOperation = {
  ...{ operationId: 'predict', tags: [TF_SERVING], summary: 'The outputs of a model for rows or columns' },
  requestBody: {
    required: true,
    content: { [JSON_MEDIA]: { schema: schemaRef('PredictRequest'), example: { instances: [ROW] } } },
  },
  responses: {
    200: jsonResponse('The outputs, without their name if there is one.', schemaRef('PredictAnswer')),
    ...errorResponses(...SCORING),
  },
};

const V2 = '/v2/models';
const V1 = '/v1/models';

export const INFERENCE_PATHS: ApiPaths = {
  '/v1/score/{job}': { post: SCORE },
  '/v2': { get: server('inferenceServer', 'What serves', 'InferenceServer') },
  '/v2/health/live': { get: server('inferenceLive', 'Whether the process lives', 'InferenceLive') },
  '/v2/health/ready': {
    get: {
      ...server('inferenceReady', 'Whether every job has its model', 'InferenceReady'),
      responses: {
        200: jsonResponse('Every job has.', schemaRef('InferenceReady')),
        503: jsonResponse('A job has none.', schemaRef('InferenceReady')),
      },
    },
  },
  ...bothPaths(V2, '', 'get', told(OPEN_INFERENCE, 'inferenceModel', 'Its tensors', 'InferenceModel')),
  ...bothPaths(
    V2,
    '/ready',
    'get',
    told(OPEN_INFERENCE, 'inferenceModelReady', 'Whether it serves', 'InferenceModelReady'),
  ),
  ...bothPaths(V2, '/infer', 'post', INFER),
  '/v2/repository/index': {
    post: repository(
      'repositoryIndex',
      'The versions in the repository, and their states',
      {
        200: jsonResponse('Told.', schemaRef('RepositoryIndex')),
        ...errorResponses(...ASKING),
      },
      'RepositoryAsked',
    ),
  },
  '/v2/repository/models/{model}/load': { post: LOAD },
  '/v2/repository/models/{model}/unload': { post: UNLOAD },
  ...bothPaths(V1, '', 'get', told(TF_SERVING, 'modelStatus', 'The state of a model', 'ModelStatus')),
  ...bothPaths(V1, '/metadata', 'get', told(TF_SERVING, 'modelMetadata', 'Its signature', 'ModelMetadata')),
  ...bothPaths(V1, ':predict', 'post', PREDICT),
};
