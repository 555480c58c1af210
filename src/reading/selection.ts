// Finds out which records of the input are skipped, for callers without a model: the audit must not
// call them missing. It uses the same reader as the workers, for a model without inputs.

import { SchemaNeededError } from '../codec/avro.ts';
import { SchemaError } from '../codec/avro-schema.ts';
import { SchemaRegistry } from '../codec/registry.ts';
import { SKIPPED } from '../features/only.ts';
import { compilePlan } from '../features/plan.ts';
import type { RecordView } from '../log/record-batch-reader.ts';
import { type PlanReader, readerWith } from './plan-reader.ts';
import type { ReadingSetup } from './reading-setup.ts';
import { schemaInHeaders } from './schema-header.ts';

export class Selection {
  readonly #setup: ReadingSetup;
  readonly #reading: PlanReader;
  readonly #needed = new Set<SchemaNeededError['id']>();

  /** Throws `SchemaError` if the reader's schema is none. */
  constructor(setup: ReadingSetup) {
    this.#setup = setup;
    this.#reading = readerWith({ ...setup, idPaths: [] }, [], (fields) => compilePlan([], fields));
  }

  /** Whether any record may be skipped. */
  get isNeeded(): boolean {
    return this.#setup.tombstones === 'skip' || Object.keys(this.#setup.only).length > 0;
  }

  /** Undefined if a schema is needed first. */
  skips(record: RecordView): boolean | undefined {
    const { bytes, valueStart, valueEnd, timestampMs } = record;
    if (valueStart < 0) return this.#setup.tombstones === 'skip';
    const { reader } = this.#reading;
    reader.named?.(schemaInHeaders(record));
    try {
      return reader.read(bytes, valueStart, valueEnd, NO_ROW, 0, timestampMs) === SKIPPED;
    } catch (error) {
      if (!(error instanceof SchemaNeededError)) throw error;
      this.#needed.add(error.id);
      return undefined;
    }
  }

  /**
   * Asks the registry for the schemas that were needed. Resolves to false if none was. Rejects with
   * `RegistryError`.
   */
  async learn(): Promise<boolean> {
    const [ids, { avro }] = [[...this.#needed], this.#reading];
    this.#needed.clear();
    const registry = this.#setup.avro?.registry ?? null;
    for (const id of ids)
      avro?.learn(
        id,
        registry === null
          ? new SchemaError(`schema ${id} is not known: no registry.url is set`)
          : await new SchemaRegistry(registry).schema(id),
      );
    return ids.length > 0;
  }
}

const NO_ROW = new Float32Array(0);
