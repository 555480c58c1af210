// Rows of requests put together for one predict call, and its outputs taken apart again.

import type { OutputColumn } from '../model/predictor.ts';
import type { TensorSpec } from '../model/tensor-spec.ts';
import type { GivenRows } from '../pool/request-pool.ts';
import type { Predictions } from '../pool/worker-client.ts';

/** The outputs for the rows of one request, or why the model does not take one of its rows. */
export type RowAnswer =
  | { readonly columns: readonly OutputColumn[] }
  | { readonly row: number; readonly refused: string }
  /** They ended their thread every time. */
  | { readonly lost: string };

/** Some of the rows. They name the same texts. */
export function rowsOf({ cells, rows, texts }: GivenRows, from: number, until: number): GivenRows {
  const width = cells.length / rows;
  return { cells: cells.subarray(from * width, until * width), rows: until - from, texts };
}

/** The answers to pieces of one request, the first rows first. */
export function joined(answers: readonly RowAnswer[]): RowAnswer {
  const [first] = answers;
  if (answers.length === 1 && first !== undefined) return first;
  const all: (readonly OutputColumn[])[] = [];
  for (const answer of answers) {
    if (!('columns' in answer)) return answer;
    all.push(answer.columns);
  }
  const outputs = all[0]?.length ?? 0;
  return {
    columns: Array.from({ length: outputs }, (_, index) =>
      concatenated(all.map((columns) => columns[index] as OutputColumn)),
    ),
  };
}

function concatenated(columns: readonly OutputColumn[]): OutputColumn {
  const [first] = columns as readonly [OutputColumn];
  if (Array.isArray(first)) return (columns as readonly string[][]).flat();
  const typed = columns as readonly Float32Array[];
  const all = new (first.constructor as Float32ArrayConstructor)(
    typed.reduce((sum, { length }) => sum + length, 0),
  );
  let place = 0;
  for (const column of typed) {
    all.set(column, place);
    place += column.length;
  }
  return all;
}

/** One after the other. The texts of each are behind those of the one before. */
export function together(given: readonly GivenRows[], tensors: readonly TensorSpec[]): GivenRows {
  const [only] = given;
  if (given.length === 1 && only !== undefined) return only;
  const cells = new Float32Array(given.reduce((sum, each) => sum + each.cells.length, 0));
  const places = new Int32Array(cells.buffer);
  const width = tensors.reduce((sum, tensor) => sum + tensor.width, 0);
  const textColumns = tensors
    .filter(({ type }) => type === 'string')
    .flatMap(({ column, width: columns }) => Array.from({ length: columns }, (_, index) => column + index));
  const texts: string[] = [];
  let [at, rows] = [0, 0];
  for (const each of given) {
    cells.set(each.cells, at);
    if (texts.length > 0)
      for (let row = 0; row < each.rows; row++)
        for (const column of textColumns) {
          const cell = at + row * width + column;
          places[cell] = (places[cell] as number) + texts.length;
        }
    // One by one: there may be more than a call has arguments for.
    for (const text of each.texts) texts.push(text);
    at += each.cells.length;
    rows += each.rows;
  }
  return { cells, rows, texts };
}

/** What each of them gets, in their order. */
export function apart({ columns, refused }: Predictions, given: readonly GivenRows[]): readonly RowAnswer[] {
  const total = given.reduce((sum, { rows }) => sum + rows, 0);
  let first = 0;
  return given.map(({ rows }) => {
    const [from, until] = [first, first + rows];
    first = until;
    const bad = refused.find(({ row }) => row >= from && row < until);
    if (bad !== undefined) return { row: bad.row - from, refused: bad.message };
    return {
      columns: columns.map((column) => {
        const width = column.length / total;
        return column.slice(from * width, until * width) as OutputColumn;
      }),
    };
  });
}
