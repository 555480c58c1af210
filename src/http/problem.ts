// What a request gets that cannot be answered: a problem as RFC 9457 has it, with what to do next.

import { STATUS_CODES } from 'node:http';
import { type HttpRejection, reasonOfStatus } from './rejections.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export class Problem extends Error {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Members of the problem besides those of the RFC. */
  readonly more: object;
  /** For the counter. */
  readonly reason: HttpRejection;
  constructor(
    statusCode: number,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    more: object = {},
    reason: HttpRejection = reasonOfStatus(statusCode),
  ) {
    super(detail);
    this.reason = reason;
    this.statusCode = statusCode;
    this.headers = headers;
    this.more = more;
  }
}

export const problemBody = (status: number, detail: string, more: object = {}): string =>
  JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...more });

/** The words for what the framework refuses, by its own codes. */
const REFUSED: Readonly<Record<string, (limits: { readonly bodyBytes: number }) => string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ({ bodyBytes }) =>
    `expected a body of at most ${bodyBytes} bytes (http.bodyBytes)`,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => 'expected the content type application/json',
  FST_ERR_CTP_EMPTY_JSON_BODY: () => 'expected JSON, found an empty body',
  FST_ERR_MAX_PARAM_LENGTH: () => 'expected a shorter name in the path: none is so long',
  FST_ERR_CTP_INVALID_JSON_BODY: () => 'expected JSON, found something else',
};

/** What a request gets for an error. Only a `Problem` and the framework say what is wrong. */
export function problemOf(error: unknown, limits: { readonly bodyBytes: number }): Problem {
  if (error instanceof Problem) return error;
  const { statusCode = 500, code = '', message } = error as Partial<Problem> & { readonly code?: string };
  if (statusCode >= 500) return new Problem(500, 'a fault of scorelane; the log has the cause');
  return new Problem(statusCode, REFUSED[code]?.(limits) ?? message ?? '');
}
