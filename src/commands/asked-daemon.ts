// What a running daemon tells of its models, for who has the token of its administration.

import { z } from 'zod';
import { ScorelaneError } from '../base/errors.ts';
import { UnavailableError } from '../daemon/errors.ts';
import { signalAfter } from '../time/timer.ts';
import { readTextFile } from '../written/file-trouble.ts';

const WITHIN_MS = 30_000;
export const TOKEN_VARIABLE = 'SCORELANE_HTTP_ADMIN_TOKEN';

/** The daemon wants another token, or lets nobody administer. */
class AdminRefusedError extends ScorelaneError {
  readonly code = 'SCORELANE_REFUSED';
}

const schema = z.object({
  models: z.array(
    z.object({
      job: z.string(),
      /** Of the model; null while the job does not run. */
      name: z.string().nullable(),
      versions: z.array(
        z.object({
          version: z.string(),
          state: z.string(),
          why: z.string().nullable(),
          quality: z.object({ areaUnderRoc: z.number().nullable(), labelled: z.number() }).optional(),
        }),
      ),
    }),
  ),
});
export type DaemonJob = z.infer<typeof schema>['models'][number];

/** Rejects with `UnavailableError` and `AdminRefusedError`. */
export async function askedDaemon(url: string, tokenFile: string | undefined): Promise<DaemonJob[]> {
  const token = tokenIn(tokenFile);
  const answer = await fetch(new URL('/admin/models', url), {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    signal: signalAfter(WITHIN_MS),
    // The token must not follow to another host.
    redirect: 'error',
  }).catch((error: Error) => {
    const { message = error.message } = (error.cause as Error | undefined) ?? {};
    throw new UnavailableError(`the daemon at ${url} does not answer: ${message}`, { cause: error });
  });
  const text = await answer.text();
  if (answer.status === 401 || answer.status === 403)
    throw new AdminRefusedError(
      `the daemon at ${url} refuses: ${detailIn(text)} (the token is that of --token-file, else of ${TOKEN_VARIABLE})`,
    );
  const { success, data } = schema.safeParse(parsed(text));
  if (!answer.ok || !success)
    throw new UnavailableError(
      `expected what a daemon of this version tells at ${url}/admin/models, found status ${answer.status} and another answer`,
    );
  return data.models;
}

function tokenIn(file: string | undefined): string {
  const token = (file === undefined ? process.env[TOKEN_VARIABLE] : readTextFile(file))?.trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new AdminRefusedError(
    `expected the token of the daemon's http.adminToken in ${file ?? TOKEN_VARIABLE}, ` +
      `found ${token === '' ? 'none' : 'what no header can hold'}${file === undefined ? '; --token-file names a file with it' : ''}`,
  );
}

const problemSchema = z.object({ detail: z.string() });
const detailIn = (text: string): string => problemSchema.safeParse(parsed(text)).data?.detail ?? 'no token';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
