// Results as Avro, by avsc: one schema for all results of a model, behind the frame that says which
// it is.

import avro, { type Schema, type Type } from 'avsc';
import { type AvroResultShape, avroNameOf, resultSchema } from '../../answers/avro-result-schema.ts';
import { nameOfId } from '../../answers/result-names.ts';
import { viewOf } from '../../base/int64.ts';
import { LONG } from '../../codec/avro-long.ts';
import { codecs } from '../../codec/codecs.ts';
import { outputIn } from '../../model/output-column.ts';
import type { OutputColumn } from '../../model/predictor.ts';
import type { InputReader } from '../../reading/input-reader.ts';
import type { ResultEncoder } from './result-writer.ts';

const INITIAL_BYTES = 1024;
const LONG_MAX = 2n ** 63n;

export class AvroResultWriter implements ResultEncoder {
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  view: DataView = viewOf(this.bytes);
  end = 0;
  readonly #type: Type;
  readonly #frame: Uint8Array;
  readonly #ids: readonly string[];
  readonly #outputs: readonly { readonly name: string; readonly isList: boolean }[];
  /** Used again for every result. */
  readonly #value: Record<string, unknown>;

  /** `frame` is written before each value. */
  constructor(
    shape: AvroResultShape & { readonly model: string; readonly version: string },
    frame: Uint8Array,
  ) {
    const schema = JSON.parse(resultSchema(shape)) as Schema;
    this.#type = avro.Type.forSchema(schema, { wrapUnions: 'always', registry: { long: LONG } });
    this.#frame = frame;
    this.#ids = shape.idPaths.map((path) => avroNameOf(nameOfId(path)));
    this.#outputs = shape.outputs.map(({ name, isList }) => ({ name: avroNameOf(name), isList }));
    this.#value = { model: shape.model, version: shape.version };
    this.#begin();
  }

  write(
    reader: InputReader,
    row: number,
    _source: Uint8Array,
    columns: readonly OutputColumn[],
    index: number,
    count: number,
  ): void {
    const value = this.#value;
    const ids = reader.ids(row);
    this.#ids.forEach((name, id) => {
      value[name] = idOf(ids[id]);
    });
    this.#outputs.forEach(({ name, isList }, output) => {
      value[name] = outputIn(columns[output] as OutputColumn, index, count, isList);
    });
    const from = this.#frame.length;
    let end = this.#type.encode(value, this.bytes, from);
    if (end < 0) {
      // It says by how much the buffer is too small.
      this.bytes = Buffer.allocUnsafeSlow(2 * (this.bytes.length - end));
      this.view = viewOf(this.bytes);
      this.#begin();
      end = this.#type.encode(value, this.bytes, from);
    }
    this.end = end;
  }

  #begin(): void {
    this.bytes.set(this.#frame);
  }
}

/** An id in the branch of the union that holds it. */
function idOf(value: unknown): object | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return { string: value };
  if (typeof value === 'boolean') return { boolean: value };
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { long: value } : { double: value };
  if (typeof value === 'bigint')
    return value >= -LONG_MAX && value < LONG_MAX ? { long: value } : { string: String(value) };
  return { string: Buffer.from(codecs.json.encode(value)).toString() };
}
