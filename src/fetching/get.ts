// One GET over HTTP or HTTPS. Node's fetch takes no authority of its own for a request, and follows
// redirects from https to http: so this one is made with what is below it.

import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { whyNoAnswer } from '../codec/no-answer.ts';
import { ModelSourceError } from './source-error.ts';

export interface SourceAccess {
  /** A bearer token; one with a space in it is the whole value of Authorization. */
  readonly token?: string | undefined;
  /** PEM of the authorities that are trusted; those of Node unless given. */
  readonly authority?: string | undefined;
  readonly signal: AbortSignal;
}

export interface Got {
  /** Its body has not been read. */
  readonly answer: IncomingMessage;
  /** Where the redirects led to. */
  readonly url: URL;
}

const REDIRECTS_MAX = 5;
const REDIRECTED: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Nothing comes for so long: the connection is given up. */
const SILENCE_MS = 30_000;
const [NOT_MODIFIED, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, GONE] = [304, 401, 403, 404, 410];
const TIMEOUT = 408;
const TOO_EARLY = 425;
const TOO_MANY = 429;
const SERVER_FAILS = 500;
const PAUSED: ReadonlySet<number> = new Set([TIMEOUT, TOO_EARLY, TOO_MANY]);

/** An address as it may be printed: what follows a `?` is often a signature. */
export const shownUrl = ({ origin, pathname }: URL): string => `${origin}${pathname}`;

/**
 * Resolves to an answer with status 200, or 304 where `headers` ask for that. Rejects with
 * `ModelSourceError`, or with the reason of the signal.
 */
export async function getFrom(
  url: URL,
  access: SourceAccess,
  headers: Readonly<Record<string, string>> = {},
): Promise<Got> {
  let here = url;
  for (let redirects = 0; ; redirects++) {
    // The token is for the server that was configured, and for no other.
    const isSameServer = here.origin === url.origin;
    const answer = await ask(here, isSameServer ? access : { ...access, token: undefined }, headers);
    const { statusCode: status = 0 } = answer;
    if (status === 200 || status === NOT_MODIFIED) return { answer, url: here };
    answer.destroy();
    const { location } = answer.headers;
    if (!REDIRECTED.has(status) || location === undefined) throw refusal(here, status);
    if (redirects === REDIRECTS_MAX)
      throw final(`${shownUrl(url)}: expected at most ${REDIRECTS_MAX} redirects, found more`);
    here = redirected(here, location);
  }
}

const final = (message: string): ModelSourceError => new ModelSourceError(message, { isTransient: false });

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  if (to === null || !/^https?:$/.test(to.protocol))
    throw final(`${shownUrl(from)}: expected a redirect to an address of HTTP, found another one`);
  if (from.protocol === 'https:' && to.protocol !== 'https:')
    throw final(`${shownUrl(from)}: expected https to stay https, found a redirect to ${shownUrl(to)}`);
  return to;
}

function refusal(url: URL, status: number): ModelSourceError {
  const isTransient = status >= SERVER_FAILS || PAUSED.has(status);
  return new ModelSourceError(`${shownUrl(url)}: ${statusInWords(status)}`, { isTransient });
}

function statusInWords(status: number): string {
  if (status === UNAUTHORIZED || status === FORBIDDEN)
    return `the server answers ${status}: the token is not what it wants, or may not read this`;
  if (status === NOT_FOUND || status === GONE) return `the server answers ${status}: there is no such file`;
  if (status >= SERVER_FAILS || PAUSED.has(status)) return `the server answers ${status}: it cannot now`;
  return `expected status 200, found ${status}`;
}

const authorization = (token: string): string => (token.includes(' ') ? token : `Bearer ${token}`);

function ask(
  url: URL,
  { token, authority, signal }: SourceAccess,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = (url.protocol === 'https:' ? overHttps : overHttp)(url, {
      headers: {
        'user-agent': 'scorelane',
        // What is checked is what lies there, not what a server makes of it.
        'accept-encoding': 'identity',
        ...(token === undefined ? {} : { authorization: authorization(token) }),
        ...headers,
      },
      agent: false,
      signal,
      timeout: SILENCE_MS,
      // In a list, as Node takes an empty text for none given, and trusts the public authorities.
      ...(authority === undefined ? {} : { ca: [authority] }),
    });
    asked
      .on('timeout', () => asked.destroy(new Error(`nothing came for ${SILENCE_MS / 1_000} s`)))
      .on('response', resolve)
      .on('error', (error) => reject(signal.aborted ? signal.reason : noAnswer(url, error)))
      .end();
  });
}

/** The connection could not be made, or ended. */
export function noAnswer(url: URL, error: unknown): ModelSourceError {
  const why = `no answer from ${shownUrl(url)}: ${whyNoAnswer(error)}`;
  return new ModelSourceError(why, { isTransient: true, cause: error });
}
