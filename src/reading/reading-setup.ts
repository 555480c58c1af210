// How the records of a job are read: all that a reader is made from.

import type { AvroOptions } from '../codec/avro.ts';
import type { InputFormat } from '../codec/codecs.ts';
import type { RegistryOptions } from '../codec/registry.ts';
import type { Only } from '../features/only.ts';

/** How JSON is read where that is more than the standard says. */
export interface JsonOptions {
  /** Values may stand after a zero byte and the number of a schema. */
  readonly isFramed: boolean;
  /** The numbers that values may have. If it is empty, any number. */
  readonly schemas: readonly number[];
  /** NaN and infinity are numbers, as Python writes them. */
  readonly notFinite: boolean;
}

export interface ReadingSetup {
  readonly inputFormat: InputFormat;
  /**
   * For Avro: how values are framed, and where writers' schemas are. The registry is null if none
   * is needed.
   */
  readonly avro: (AvroOptions & { readonly registry: RegistryOptions | null }) | null;
  readonly json: JsonOptions;
  /** Which records are scored. All others are skipped. */
  readonly only: Only;
  /** What happens to a record without a value. */
  readonly tombstones: 'deadLetter' | 'skip';
  /** A record becomes a dead letter if its lists and maps are nested deeper. */
  readonly nestingMax: number;
}
