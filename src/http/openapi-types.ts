// The part of OpenAPI 3.1 that the document uses, and short ways to write it.

/** A JSON Schema of draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

interface ApiHeader {
  readonly description: string;
  readonly schema: JsonSchema;
}

interface ApiBody {
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

export interface ApiResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, ApiHeader>>;
  readonly content?: Readonly<Record<string, ApiBody>>;
}

export interface ApiParameter {
  readonly name: string;
  readonly in: 'path' | 'header';
  readonly required?: true;
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

export interface ApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly required?: true; readonly content: Readonly<Record<string, ApiBody>> };
  /** By status. */
  readonly responses: Readonly<Record<string, ApiResponse>>;
}

export type ApiMethod = 'get' | 'put' | 'post';
/** By path, as OpenAPI writes it, and method. */
export type ApiPaths = Readonly<Record<string, Readonly<Partial<Record<ApiMethod, ApiOperation>>>>>;

export const JSON_MEDIA = 'application/json';
export const BYTES_MEDIA = 'application/octet-stream';

export const schemaRef = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** A map with these members, and others. All but the `optional` are always there. */
export const mapSchema = (
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

export const listSchema = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

export const jsonResponse = (description: string, schema: JsonSchema): ApiResponse => ({
  description,
  content: { [JSON_MEDIA]: { schema } },
});

/** What each status means here, when something is wrong. */
const WRONG = {
  400: 'The request is wrong: the text says what, where, and what was expected.',
  401: 'There is no token.',
  403: 'Another token, or administration is off.',
  404: 'There is no such job, model, version or file; the text has those there are.',
  409: 'The process has no configuration file to read, or the label cannot be moved so: the text says why.',
  413: 'A body above http.bodyBytes, or more records than http.queueRecords.',
  414: 'A name in the path is longer than any.',
  415: 'Another content type than those above, or a body that is compressed.',
  500: 'A fault of scorelane, or rows that end their worker thread; the log has the cause.',
  421: 'The model has windows, and those of these keys are with another instance of the group.',
  501: 'The model has windows, and there is no log (log: none) whose records could be in them.',
  503: 'It cannot be done now: ask again later.',
  504: 'Not done within http.scoreTimeout.',
} as const;
export type WrongStatus = keyof typeof WRONG;

const HEADERS: Readonly<Partial<Record<WrongStatus, Readonly<Record<string, ApiHeader>>>>> = {
  401: { 'www-authenticate': { description: 'The scheme: Bearer.', schema: { type: 'string' } } },
  503: {
    'retry-after': { description: 'Seconds until it is worth asking again.', schema: { type: 'string' } },
  },
};

const wrongResponses = (
  statuses: readonly WrongStatus[],
  contentOf: (status: WrongStatus) => ApiResponse['content'],
): Readonly<Record<string, ApiResponse>> =>
  Object.fromEntries(
    statuses.map((status) => {
      const headers = HEADERS[status];
      const content = contentOf(status);
      return [
        status,
        {
          description: WRONG[status],
          ...(headers === undefined ? {} : { headers }),
          ...(content === undefined ? {} : { content }),
        },
      ];
    }),
  );

const PROBLEM = { 'application/problem+json': { schema: schemaRef('Problem') } };
const ERROR = { [JSON_MEDIA]: { schema: schemaRef('Error') } };

/** Each with a problem of RFC 9457. */
export const problemResponses = (...statuses: WrongStatus[]): Readonly<Record<string, ApiResponse>> =>
  wrongResponses(statuses, () => PROBLEM);

/**
 * Each with `{"error": "…"}`. What is wrong with the path itself is a problem: it is found before
 * it is known which protocol is meant.
 */
export const errorResponses = (...statuses: WrongStatus[]): Readonly<Record<string, ApiResponse>> =>
  wrongResponses(statuses, (status) => {
    if (status === 414) return PROBLEM;
    return status === 400 ? { ...ERROR, ...PROBLEM } : ERROR;
  });
