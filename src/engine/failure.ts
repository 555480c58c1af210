// Turns an error on a port into what the engine passes on: words and codes, no error objects.

import { isUnforeseen } from '../base/errors.ts';
import type { Failure } from './messages.ts';

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'SCORELANE_UNKNOWN', message: String(error) };
  const { code: found, message, stack } = error as NodeJS.ErrnoException;
  const code = typeof found === 'string' ? found : 'SCORELANE_UNKNOWN';
  return isUnforeseen(error) ? { code, message, stack } : { code, message };
}
