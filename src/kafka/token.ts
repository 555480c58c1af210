// Tokens to log in with: from a token endpoint by client credentials (RFC 6749, section 4.4), kept
// until they are nearly used up. The client asks at every connection, and again some seconds before
// a session ends: then it must get a new token, for with the old one the new session would end at
// once.

import { z } from 'zod';
import { ScorelaneError } from '../base/errors.ts';
import { signalAfter } from '../time/timer.ts';

export interface Token {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** The token endpoint refuses us: no broker is asked. Exit code 77. */
export class TokenRefusedError extends ScorelaneError {
  readonly code = 'SCORELANE_TOKEN_REFUSED';
}

/** A token is given out while this share of its time is left, and at least so long. */
const SHARE_LEFT = 0.2;
/** kafkajs logs in again ten seconds before a session ends. */
const LEFT_MS_MIN = 15_000;
const ANSWER_CHARACTERS_MAX = 200;

/** What the token endpoint is asked with. */
export interface EndpointSettings {
  readonly 'sasl.oauthbearer.token.endpoint.url'?: string | undefined;
  readonly 'sasl.oauthbearer.client.id'?: string | undefined;
  readonly 'sasl.oauthbearer.client.secret'?: string | undefined;
  readonly 'sasl.oauthbearer.scope'?: string | undefined;
  readonly 'request.timeout.ms': number;
}

/** One request at a time, however many ask. */
export function refreshed(
  fetchToken: () => Promise<Token>,
  nowMs: () => number = Date.now,
): () => Promise<Token> {
  let kept: Token | undefined;
  let keptUntilMs = 0;
  let asked: Promise<Token> | undefined;
  const renew = async (): Promise<Token> => {
    const beganMs = nowMs();
    try {
      kept = await fetchToken();
      keptUntilMs = kept.expiresAtMs - Math.max(LEFT_MS_MIN, (kept.expiresAtMs - beganMs) * SHARE_LEFT);
      return kept;
    } finally {
      asked = undefined;
    }
  };
  return async () => {
    if (kept !== undefined && nowMs() < keptUntilMs) return kept;
    asked ??= renew();
    return asked;
  };
}

const answerSchema = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() });
const refusalSchema = z.object({ error: z.string(), error_description: z.string().optional() });

/** Rejects with `TokenRefusedError`, and with other errors where it may help to ask again. */
export function tokenEndpoint(settings: EndpointSettings): () => Promise<Token> {
  const url = settings['sasl.oauthbearer.token.endpoint.url'] ?? '';
  const id = settings['sasl.oauthbearer.client.id'] ?? '';
  const secret = settings['sasl.oauthbearer.client.secret'] ?? '';
  const scope = settings['sasl.oauthbearer.scope'];
  // RFC 6749, section 2.3.1: both are encoded as in a form first.
  const encoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  const login = Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64');
  const where = `the token endpoint ${url} (kafka.sasl.oauthbearer.token.endpoint.url)`;
  return async () => {
    const askedMs = Date.now();
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Basic ${login}`, accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(scope === undefined ? {} : { scope }),
      }),
      signal: signalAfter(settings['request.timeout.ms']),
      // The secret must not follow to another host.
      redirect: 'error',
    }).catch((error: Error) => {
      const { message = error.message } = (error.cause as Error | undefined) ?? {};
      throw new Error(`${where} does not answer: ${message}`, { cause: error });
    });
    const text = await response.text();
    if (response.status >= 400 && response.status < 500 && response.status !== 429)
      throw new TokenRefusedError(
        `${where} refuses the client "${id}" (kafka.sasl.oauthbearer.client.id, kafka.sasl.oauthbearer.client.secret, ` +
          `kafka.sasl.oauthbearer.scope): ${reasonIn(response.status, text)}`,
      );
    if (!response.ok) throw new Error(`${where} fails: ${reasonIn(response.status, '')}`);
    const { success, data } = answerSchema.safeParse(parsed(text));
    // Not its text: there may be a token in it.
    if (!success)
      throw new TokenRefusedError(`${where}: expected JSON with access_token and expires_in, found none`);
    return { value: data.access_token, expiresAtMs: askedMs + data.expires_in * 1000 };
  };
}

/** By section 5.2: a code and a sentence; nothing else of the answer. */
function reasonIn(status: number, text: string): string {
  const { success, data } = refusalSchema.safeParse(parsed(text));
  const said = success ? `: ${[data.error, data.error_description ?? ''].join(' ').trim()}` : '';
  return `HTTP ${status}${said.slice(0, ANSWER_CHARACTERS_MAX)}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
