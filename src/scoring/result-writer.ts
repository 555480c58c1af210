// The value of a result: the id fields, the scores, the model and its version, in the configured format.

import type { Codec } from '../codec/codec.ts';

export interface ResultWriter {
  /** Encodes the result of row `row`. `columns` are the model's outputs; NaN and infinity must have been refused. */
  write(ids: readonly unknown[], columns: readonly Float32Array[], row: number, rows: number): Uint8Array;
}

export interface ResultShape {
  readonly idPaths: readonly string[];
  readonly outputs: readonly string[];
  readonly model: string;
  readonly version: string;
}

export function compileWriter(codec: Codec, { idPaths, outputs, model, version }: ResultShape): ResultWriter {
  return {
    write(ids, columns, row, rows) {
      const result: Record<string, unknown> = {};
      for (let index = 0; index < idPaths.length; index++) {
        if (ids[index] !== undefined) result[idPaths[index] as string] = ids[index];
      }
      for (let index = 0; index < outputs.length; index++) {
        const column = columns[index] as Float32Array;
        const width = column.length / rows;
        result[outputs[index] as string] =
          width === 1 ? column[row] : Array.from(column.subarray(row * width, (row + 1) * width));
      }
      result.model = model;
      result.version = version;
      return codec.encode(result);
    },
  };
}
