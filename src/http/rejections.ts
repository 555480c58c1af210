// Why a request got no answer, in few words: for the counter of requests that were refused.

/** By reason, what is meant. */
export const HTTP_REJECTIONS = {
  malformed: 'no record, no JSON, a wrong tensor, a record without a key (400), or no HTTP at all',
  unauthorized: 'no token (401), or another (403)',
  not_found: 'no such path, job, model or version (404)',
  method_not_allowed: 'the path has other methods (405)',
  slow: 'headers or a body that do not come in time (408), or an answer that is not taken in time',
  conflict: 'nothing to reload, or a label that cannot be moved so (409)',
  body_too_large: 'a body above `http.bodyBytes` (413)',
  too_many_records: 'more records than `http.queueRecords` in one request (413)',
  uri_too_long: 'a name in the path that is longer than any (414)',
  media_type: 'another content type, or a body that is compressed (415)',
  other_instance: 'the windows of the key are with another instance (421)',
  fault: 'a fault of scorelane, or rows that end their worker thread (500)',
  no_windows: 'a model with windows without a log (501)',
  queue_full: 'more than `http.queueRecords` or `http.queueBytes` wait (503)',
  windows_restoring: 'windows are being built up, or partitions are given out (503)',
  not_serving: 'the job starts, ends, or has no threads (503)',
  too_many_viewers: 'as many look at the page as may at once (503)',
  client_gone: 'nobody waits for the answer any more (503)',
  too_late: 'not scored within `http.scoreTimeout` (504)',
  connections: 'a connection above `http.connections`, which was closed',
} as const;
export type HttpRejection = keyof typeof HTTP_REJECTIONS;

const BY_STATUS: Readonly<Record<number, HttpRejection>> = {
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'slow',
  409: 'conflict',
  413: 'body_too_large',
  414: 'uri_too_long',
  415: 'media_type',
  421: 'other_instance',
  501: 'no_windows',
  503: 'not_serving',
  504: 'too_late',
};

export const reasonOfStatus = (status: number): HttpRejection =>
  BY_STATUS[status] ?? (status >= 500 ? 'fault' : 'malformed');
