// Decodes the values of records for people: `tail` and `dlq show`. It reads every framing and
// format of the configuration, and asks the registry for schemas.

import { type AvroOptions, AvroReader, SchemaNeededError } from '../codec/avro.ts';
import { SchemaError } from '../codec/avro-schema.ts';
import { codecs, type InputFormat } from '../codec/codecs.ts';
import { type RegistryOptions, SchemaRegistry } from '../codec/registry.ts';
import type { RecordView } from '../log/record-batch-reader.ts';
import { schemaInHeaders } from './schema-header.ts';

/** In Confluent's frame of JSON, a zero byte and the number of a schema stand before the value. */
const FRAME_BYTES = 5;

export interface ValueForm {
  readonly format: InputFormat;
  /** For Avro. The registry is null if none is needed. */
  readonly avro: (AvroOptions & { readonly registry: RegistryOptions | null }) | null;
  /** Whether JSON may stand in a frame. */
  readonly isFramed: boolean;
}

/** A value, or its bytes and why they are no value. */
export type Decoded = { readonly value: unknown } | { readonly undecoded: Uint8Array; readonly why: string };

export class ValueDecoder {
  readonly #form: ValueForm;
  readonly #avro: AvroReader | null;

  /** Throws `SchemaError` if the reader's schema is none. */
  constructor(form: ValueForm) {
    this.#form = form;
    this.#avro = form.avro === null ? null : new AvroReader(form.avro);
  }

  /** Never rejects because of the bytes: rejects if the registry does not answer. */
  async decode(record: RecordView): Promise<Decoded> {
    for (;;) {
      const found = this.#try(record);
      if (!(found instanceof SchemaNeededError)) return found;
      await this.#learn(found.id);
    }
  }

  /** Null where the registry must be asked first: `decode` does it. */
  decodeNow(record: RecordView): Decoded | null {
    const found = this.#try(record);
    return found instanceof SchemaNeededError ? null : found;
  }

  #try(record: RecordView): Decoded | SchemaNeededError {
    const { bytes, valueStart: start, valueEnd: end } = record;
    if (start < 0) return { value: null };
    try {
      return { value: this.#value(record) };
    } catch (error) {
      if (error instanceof SchemaNeededError) return error;
      return { undecoded: bytes.subarray(start, end), why: (error as Error).message };
    }
  }

  #value(record: RecordView): unknown {
    const { bytes, valueStart: start, valueEnd: end } = record;
    const { format, isFramed } = this.#form;
    if (this.#avro !== null) {
      this.#avro.named = schemaInHeaders(record);
      return this.#avro.decode(bytes, start, end);
    }
    const skips = format === 'json' && isFramed && bytes[start] === 0 && end - start >= FRAME_BYTES;
    return codecs[format as Exclude<InputFormat, 'avro'>].decode(
      bytes,
      skips ? start + FRAME_BYTES : start,
      end,
    );
  }

  async #learn(id: SchemaNeededError['id']): Promise<void> {
    const registry = this.#form.avro?.registry ?? null;
    const schema =
      registry === null
        ? new SchemaError(`schema ${id} is not known: no registry.url is set`)
        : await new SchemaRegistry(registry).schema(id);
    this.#avro?.learn(id, schema);
  }
}
