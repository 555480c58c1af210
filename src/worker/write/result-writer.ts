// The value of a result: the id fields, the scores, the model and its version, in the configured
// format. Written from a template: only ids and scores vary, and an id in the same format as the
// input is copied as it stands there.

import { nameOfId } from '../../answers/result-names.ts';
import { copyBytes, copyWords } from '../../base/copy.ts';
import { viewOf } from '../../base/int64.ts';
import { codecs, type Format, type InputFormat } from '../../codec/codecs.ts';
import { outputIn } from '../../model/output-column.ts';
import type { OutputColumn } from '../../model/predictor.ts';
import { ELSEWHERE, type InputReader } from '../../reading/input-reader.ts';
import { type Notation, notations } from './notation.ts';

/** Writes one result after the other into its own bytes. */
export interface ResultEncoder {
  /** The last result is `bytes[0 .. end)`; the view is of the same bytes. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly end: number;
  /**
   * Writes the result of row `row` of the reader, whose record is in `source`, from index `index`
   * of the `count` rows in `columns`, the model's outputs. NaN and infinity must have been refused.
   */
  write(
    reader: InputReader,
    row: number,
    source: Uint8Array,
    columns: readonly OutputColumn[],
    index: number,
    count: number,
  ): void;
}

export interface ResultShape {
  readonly inputFormat: InputFormat;
  readonly format: Format;
  readonly idPaths: readonly string[];
  readonly outputs: readonly string[];
  readonly model: string;
  readonly version: string;
}

const INITIAL_BYTES = 1024;

export class ResultWriter implements ResultEncoder {
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  view: DataView = viewOf(this.bytes);
  end = 0;
  readonly #notation: Notation;
  readonly #encode: (value: unknown) => Uint8Array;
  readonly #copiesIds: boolean;
  /** What begins the map, by the number of ids that are there. */
  readonly #begins: readonly DataView[];
  readonly #idKeys: readonly DataView[];
  readonly #outputKeys: readonly DataView[];
  readonly #separator: DataView;
  readonly #tail: DataView;
  /** Ids of the row, where they have to be encoded; null for those that are copied. */
  readonly #encodedIds: (Uint8Array | null)[];
  /** Outputs of the row that are no floats. */
  readonly #encodedOutputs: Uint8Array[] = [];

  constructor({ inputFormat, format, idPaths, outputs, model, version }: ResultShape) {
    const notation = notations[format];
    const { encode } = codecs[format];
    this.#notation = notation;
    this.#encode = encode;
    this.#copiesIds = inputFormat === format;
    this.#begins = Array.from({ length: idPaths.length + 1 }, (_, ids) =>
      viewOf(notation.begin(ids + outputs.length + 2)),
    );
    const key = (name: string): DataView => viewOf(notation.key(name));
    this.#idKeys = idPaths.map(nameOfId).map(key);
    this.#outputKeys = outputs.map(key);
    this.#separator = viewOf(notation.separator);
    this.#encodedIds = idPaths.map(() => null);
    const constant = (name: string, value: string): Buffer =>
      Buffer.concat([notation.key(name), Buffer.from(encode(value))]);
    this.#tail = viewOf(
      Buffer.concat([
        constant('model', model),
        notation.separator,
        constant('version', version),
        notation.end,
      ]),
    );
  }

  write(
    reader: InputReader,
    row: number,
    source: Uint8Array,
    columns: readonly OutputColumn[],
    index: number,
    count: number,
  ): void {
    const notation = this.#notation;
    const present = this.#reserve(reader, row, columns, index, count);
    let byteAt = this.#copy(this.#begins[present] as DataView, 0);
    for (let id = 0; id < this.#idKeys.length; id++) {
      const encoded = this.#encodedIds[id];
      const start = reader.idStart(row, id);
      if (encoded === null || encoded === undefined) {
        if (start < 0) continue;
        byteAt = this.#copy(this.#idKeys[id] as DataView, byteAt);
        byteAt = copyBytes(source, start, reader.idEnd(row, id), this.bytes, byteAt);
      } else {
        byteAt = this.#copy(this.#idKeys[id] as DataView, byteAt);
        byteAt = copyBytes(encoded, 0, encoded.length, this.bytes, byteAt);
      }
      byteAt = this.#copy(this.#separator, byteAt);
    }
    for (let output = 0; output < this.#outputKeys.length; output++) {
      const column = columns[output] as OutputColumn;
      const width = column.length / count;
      byteAt = this.#copy(this.#outputKeys[output] as DataView, byteAt);
      if (column instanceof Float32Array)
        byteAt =
          width === 1
            ? notation.writeNumber(this.bytes, byteAt, column[index] as number)
            : notation.writeList(this.bytes, byteAt, column, index * width, (index + 1) * width);
      else {
        const encoded = this.#encodedOutputs[output] as Uint8Array;
        byteAt = copyBytes(encoded, 0, encoded.length, this.bytes, byteAt);
      }
      byteAt = this.#copy(this.#separator, byteAt);
    }
    this.end = this.#copy(this.#tail, byteAt);
  }

  /**
   * Makes room for the result, and encodes the ids that cannot be copied. Returns how many ids
   * there are.
   */
  #reserve(
    reader: InputReader,
    row: number,
    columns: readonly OutputColumn[],
    index: number,
    count: number,
  ): number {
    const { numberBytesMax, listBytesMax } = this.#notation;
    let size = (this.#begins.at(-1) as DataView).byteLength + this.#tail.byteLength;
    let present = 0;
    let ids: readonly unknown[] | undefined;
    for (let id = 0; id < this.#idKeys.length; id++) {
      const start = reader.idStart(row, id);
      const isCopied = this.#copiesIds && start !== ELSEWHERE;
      let length = isCopied ? reader.idEnd(row, id) - start : 0;
      let isPresent = start >= 0;
      this.#encodedIds[id] = null;
      if (!isCopied) {
        ids ??= reader.ids(row);
        isPresent = ids[id] !== undefined;
        if (isPresent) {
          const encoded = Uint8Array.from(this.#encode(ids[id]));
          this.#encodedIds[id] = encoded;
          length = encoded.length;
        }
      }
      if (!isPresent) continue;
      present++;
      size += (this.#idKeys[id] as DataView).byteLength + length + this.#separator.byteLength;
    }
    for (let output = 0; output < this.#outputKeys.length; output++) {
      const column = columns[output] as OutputColumn;
      const width = column.length / count;
      size += (this.#outputKeys[output] as DataView).byteLength + this.#separator.byteLength;
      if (column instanceof Float32Array) size += listBytesMax + width * numberBytesMax;
      else {
        const encoded = Uint8Array.from(this.#encode(outputIn(column, index, count, width !== 1)));
        this.#encodedOutputs[output] = encoded;
        size += encoded.length;
      }
    }
    if (size > this.bytes.length) {
      this.bytes = Buffer.allocUnsafeSlow(2 * size);
      this.view = viewOf(this.bytes);
    }
    return present;
  }

  #copy(constant: DataView, byteAt: number): number {
    return copyWords(constant, 0, constant.byteLength, this.view, byteAt);
  }
}
