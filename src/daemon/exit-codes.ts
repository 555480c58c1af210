// Exit codes, after sysexits.h where it has one. The table in docs/operating.md is checked against this one.

import { ConfigError } from '../config/load.ts';
import { StalledError } from '../engine/driver.ts';
import { KafkaSettingsError } from '../kafka/client.ts';
import { OffsetOutOfRangeError } from '../kafka/errors.ts';
import { GroupInUseError, RefusedError } from '../kafka/refusal.ts';
import { CsvDataError } from '../load/rows.ts';
import { MissingTopicError } from '../log/ports.ts';
import { ModelError } from '../model/manifest.ts';
import { BackendMissingError } from '../model/predictor.ts';

export const EXIT = {
  ok: 0,
  missing: 1,
  usage: 64,
  data: 65,
  noInput: 66,
  unavailable: 69,
  internal: 70,
  stalled: 71,
  cantCreate: 73,
  outOfRange: 74,
  unfinished: 75,
  noPermission: 77,
  config: 78,
  interrupted: 130,
  terminated: 143,
} as const;

/** A part that the command needs is not there: the broker, a topic. */
export class UnavailableError extends Error {
  readonly code = 'SCORELANE_UNAVAILABLE';
  override readonly name = 'UnavailableError';
}

/** A file that was asked for could not be written: no space, no right, no folder. */
export class CannotWriteError extends Error {
  readonly code = 'SCORELANE_CANNOT_WRITE';
  override readonly name = 'CannotWriteError';
}

/** The exit code for an error that ends a command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError || error instanceof KafkaSettingsError) return EXIT.config;
  if (error instanceof ModelError || error instanceof MissingTopicError) return EXIT.config;
  if (error instanceof BackendMissingError || error instanceof UnavailableError) return EXIT.unavailable;
  if (error instanceof OffsetOutOfRangeError) return EXIT.outOfRange;
  if (error instanceof RefusedError) return EXIT.noPermission;
  if (error instanceof GroupInUseError) return EXIT.config;
  if (error instanceof CannotWriteError) return EXIT.cantCreate;
  if (error instanceof StalledError) return EXIT.stalled;
  if (error instanceof CsvDataError) return EXIT.data;
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EXIT.noInput;
  return EXIT.internal;
}
