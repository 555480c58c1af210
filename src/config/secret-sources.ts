// Where a secret may stand instead of in the configuration: `${FILE:/path}` is the content of a
// file, as Docker and Kubernetes mount it, and `${ENV:NAME}` a variable of the environment.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileTrouble } from '../written/file-trouble.ts';

/** The message names the source, and nothing of the secret. */
export class SecretSourceError extends Error {
  override readonly name = 'SecretSourceError';
}

const SOURCE = /^\$\{(FILE|ENV):([^{}]+)\}$/;

/** `beside`: the file that the value stands in, if it stands in one. Throws `SecretSourceError`. */
export function secretFrom(value: unknown, environment: NodeJS.ProcessEnv, beside?: string): unknown {
  const [, kind, name = ''] = typeof value === 'string' ? (SOURCE.exec(value) ?? []) : [];
  if (kind === undefined) return value;
  const found = kind === 'ENV' ? environment[name] : contentOf(name, beside);
  if (found !== undefined && found !== '') return found;
  throw new SecretSourceError(
    kind === 'ENV'
      ? `expected a variable ${name} in the environment with the secret in it, found none`
      : `expected the file ${name} with the secret in it, found an empty one`,
  );
}

/** An editor, and echo, end the last line. */
function contentOf(name: string, beside: string | undefined): string {
  const path = beside === undefined ? name : resolve(dirname(beside), name);
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new SecretSourceError(`${path}: ${fileTrouble(error, path)}`, { cause: error });
  }
}
