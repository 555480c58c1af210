// What the JSON walker throws: its caller then asks JSON.parse.

/** Bytes that are not JSON, or not plain enough for the walker. */
export class JsonError extends Error {
  readonly code = 'SCORELANE_JSON';
  override readonly name = 'JsonError';
}
