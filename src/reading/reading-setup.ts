// How the records of a job are read: what a reader is made from.

import type { AvroOptions } from '../codec/avro.ts';
import type { InputFormat } from '../codec/codecs.ts';
import type { RegistryOptions } from '../codec/registry.ts';
import type { Only } from '../features/only.ts';

/** How JSON is read, beyond what JSON is. */
export interface JsonOptions {
  /** Values may stand behind a zero byte and the number of a schema. */
  readonly isFramed: boolean;
  /** The numbers that they may have, whichever they are where none is named. */
  readonly schemas: readonly number[];
  /** NaN and infinity are numbers, as Python writes them. */
  readonly notFinite: boolean;
}

export interface ReadingSetup {
  readonly inputFormat: InputFormat;
  /**
   * For Avro: how values are framed, and where writers' schemas are; no registry where none is
   * needed.
   */
  readonly avro: (AvroOptions & { readonly registry: RegistryOptions | null }) | null;
  readonly json: JsonOptions;
  /** Records that are scored; all others are skipped. */
  readonly only: Only;
  /** What becomes of a record without a value. */
  readonly tombstones: 'deadLetter' | 'skip';
  /** A record whose lists and maps are nested deeper becomes a dead letter. */
  readonly nestingMax: number;
}
