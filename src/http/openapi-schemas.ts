// The bodies that requests and answers have, as JSON Schema.

import { type JsonSchema, listSchema, mapSchema, schemaRef } from './openapi-types.ts';

const TEXT = { type: 'string' };
const FLAG = { type: 'boolean' };
const SIZE = { type: 'integer' };
const PARAMETERS = { type: 'object' };

const TENSOR = {
  name: TEXT,
  datatype: { enum: ['FP32', 'INT32', 'INT64', 'BOOL', 'BYTES'] },
  shape: listSchema(SIZE),
};

const MAYBE = { type: ['string', 'null'] };
const VERSION_NAME = { anyOf: [{ ...TEXT, minLength: 1 }, SIZE] };
const LABEL = { ...TEXT, pattern: '^[a-z][a-z0-9-]{0,62}$' };
const VERSIONS = {
  policy: { ...MAYBE, description: 'What model.version says.' },
  serving: MAYBE,
  wanted: { ...MAYBE, description: 'The version that shall serve.' },
  why: { ...MAYBE, description: 'What says so, or what is missing.' },
  labels: { type: 'object', additionalProperties: TEXT },
  versions: listSchema(
    mapSchema(
      {
        version: TEXT,
        state: {
          enum: ['serving', 'loading', 'loaded', 'building', 'refused', 'available', 'remote', 'fetching'],
        },
        trial: { ...MAYBE, description: 'As what it is tried on live records: shadow or canary.' },
        why: {
          ...MAYBE,
          description: 'Why it cannot serve, or is not tried any more; how far a download is.',
        },
        quality: {
          ...mapSchema({ areaUnderRoc: { type: ['number', 'null'] }, labelled: SIZE }),
          description: 'By labels that came later, where some have.',
        },
      },
      ['quality'],
    ),
  ),
};
const onlyThese = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  ...{ type: 'object', properties, additionalProperties: false },
});

const CHANGE = mapSchema({ key: TEXT, old: TEXT, new: TEXT });

const BASE64 = { ...TEXT, contentEncoding: 'base64', pattern: '^[A-Za-z0-9+/]*={0,2}$' };
const KEY = {
  description: 'The key of a record: text, bytes, or none.',
  anyOf: [TEXT, mapSchema({ base64: BASE64 }), { type: 'null' }],
};

/** Several, with their times and keys beside them. */
const given = (name: string, items: JsonSchema): JsonSchema => ({
  ...mapSchema(
    {
      [name]: { ...listSchema(items), minItems: 1 },
      timestamps: listSchema(SIZE),
      keys: listSchema(KEY),
    },
    ['timestamps', 'keys'],
  ),
  additionalProperties: false,
});

export const API_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Problem: mapSchema(
    {
      type: TEXT,
      title: TEXT,
      status: SIZE,
      detail: { ...TEXT, description: 'What was wrong, where, and what to do next.' },
      mistakes: listSchema(TEXT),
      topic: TEXT,
      partitions: listSchema(SIZE),
    },
    ['mistakes', 'topic', 'partitions'],
  ),
  Error: mapSchema({ error: TEXT }),
  Live: mapSchema({ status: { const: 'live' } }),
  Readiness: mapSchema({
    ready: FLAG,
    jobs: {
      type: 'object',
      additionalProperties: mapSchema({
        ready: FLAG,
        reasons: listSchema(mapSchema({ code: TEXT, message: TEXT, lanes: listSchema(TEXT) }, ['lanes'])),
      }),
    },
  }),
  LogLevel: mapSchema({ level: { enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] } }),
  Draining: mapSchema({ status: { const: 'draining' } }),
  Reloaded: mapSchema({ changed: listSchema(CHANGE), needsRestart: listSchema(CHANGE) }),
  Models: mapSchema({
    models: listSchema(mapSchema({ job: TEXT, name: MAYBE, model: MAYBE, backend: MAYBE, ...VERSIONS })),
  }),
  OrderedVersion: mapSchema({ job: TEXT, done: TEXT, ...VERSIONS }),
  Promote: onlyThese({ version: VERSION_NAME, label: LABEL }),
  Rollback: onlyThese({ label: LABEL }),
  Pin: {
    anyOf: [
      { ...onlyThese({ version: VERSION_NAME }), required: ['version'] },
      { ...onlyThese({ off: { const: true } }), required: ['off'] },
    ],
  },
  Look: onlyThese({}),
  Paused: mapSchema({ job: TEXT, paused: FLAG }),
  Dumped: mapSchema({ path: TEXT }),
  Record: { type: 'object', description: 'A record as the input of the job has it.' },
  Records: {
    anyOf: [
      schemaRef('Record'),
      { ...listSchema(schemaRef('Record')), minItems: 1 },
      given('records', schemaRef('Record')),
      given('base64', BASE64),
    ],
  },
  Answers: mapSchema({
    model: TEXT,
    version: TEXT,
    answers: listSchema({
      oneOf: [
        mapSchema({ result: { description: 'The value of the result that the stream would have written.' } }),
        mapSchema({ error: mapSchema({ stage: TEXT, code: TEXT, message: TEXT }) }),
        mapSchema({ skipped: { const: true } }),
      ],
    }),
  }),
  InferenceServer: mapSchema({ name: TEXT, version: TEXT, extensions: listSchema(TEXT) }),
  InferenceLive: mapSchema({ live: FLAG }),
  InferenceReady: mapSchema({ ready: FLAG }),
  InferenceModelReady: mapSchema({ name: TEXT, ready: FLAG }),
  InferenceModel: mapSchema({
    name: TEXT,
    versions: listSchema(TEXT),
    platform: TEXT,
    inputs: listSchema(mapSchema(TENSOR)),
    outputs: listSchema(mapSchema(TENSOR)),
  }),
  InferenceRequest: mapSchema(
    {
      id: TEXT,
      parameters: PARAMETERS,
      inputs: {
        ...listSchema(
          mapSchema({ ...TENSOR, data: { type: 'array' }, parameters: PARAMETERS }, ['data', 'parameters']),
        ),
        minItems: 1,
      },
      outputs: listSchema(mapSchema({ name: TEXT, parameters: PARAMETERS }, ['parameters'])),
    },
    ['id', 'parameters', 'outputs'],
  ),
  InferenceAnswer: mapSchema(
    {
      model_name: TEXT,
      model_version: TEXT,
      id: TEXT,
      outputs: listSchema(
        mapSchema({ ...TENSOR, data: { type: 'array' }, parameters: PARAMETERS }, ['data', 'parameters']),
      ),
    },
    ['id'],
  ),
  RepositoryAsked: mapSchema({ ready: FLAG }, ['ready']),
  RepositoryIndex: listSchema(
    mapSchema({
      name: TEXT,
      version: TEXT,
      state: { enum: ['READY', 'LOADING', 'UNAVAILABLE'] },
      reason: TEXT,
    }),
  ),
  RepositoryLoad: mapSchema({ parameters: PARAMETERS }, ['parameters']),
  PredictRequest: {
    type: 'object',
    properties: {
      signature_name: { const: 'serving_default' },
      instances: { type: 'array', minItems: 1, description: 'A value, or a map of inputs, for each row.' },
      inputs: { type: ['array', 'object'], description: 'A list of rows, or a map of inputs to such lists.' },
    },
    oneOf: [{ required: ['instances'] }, { required: ['inputs'] }],
  },
  PredictAnswer: {
    oneOf: [
      mapSchema({ predictions: { type: 'array' } }),
      mapSchema({ outputs: { type: ['array', 'object'] } }),
    ],
  },
  ModelStatus: mapSchema({
    model_version_status: listSchema(
      mapSchema({
        version: TEXT,
        state: { const: 'AVAILABLE' },
        status: mapSchema({ error_code: TEXT, error_message: TEXT }),
      }),
    ),
  }),
  ModelMetadata: mapSchema({
    model_spec: mapSchema({ name: TEXT, signature_name: TEXT, version: TEXT }),
    metadata: mapSchema({
      signature_def: mapSchema({ signature_def: mapSchema({ serving_default: { type: 'object' } }) }),
    }),
  }),
};
