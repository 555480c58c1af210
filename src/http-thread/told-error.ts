// Errors from one thread to the other. Those that say what is the matter with a request are again
// of their class.

import {
  ClientGoneError,
  ElsewhereError,
  EndsThreadError,
  KeyNeededError,
  NotServingError,
  RestoringError,
  TooLateError,
} from '../serving/errors.ts';
import type { ToldError } from './protocol.ts';

const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  ClientGoneError,
  EndsThreadError,
  KeyNeededError,
  NotServingError,
  RestoringError,
  TooLateError,
};

export function toldError(thrown: unknown): ToldError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, stack, code } = error as NodeJS.ErrnoException;
  const { topic, partitions } = error as ElsewhereError;
  const elsewhere = error instanceof ElsewhereError ? { topic, partitions } : null;
  return { name, message, stack, code, elsewhere };
}

export function errorOf({ name, message, stack, code, elsewhere }: ToldError): Error {
  if (elsewhere !== null) return new ElsewhereError(elsewhere.topic, elsewhere.partitions);
  const Class = CLASSES[name];
  if (Class !== undefined) return new Class(message);
  return Object.assign(new Error(message), { name, ...(stack === undefined ? {} : { stack }), code });
}
