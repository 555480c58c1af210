// CSV files: rows come piece by piece with any separator, cells have the values of JSON, and what
// is wrong is told with file, line and column.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { CsvRecords, type UsedField } from '../../src/load/csv.ts';
import { openCsv } from '../../src/load/csv-file.ts';
import { type Cells, CsvDataError, type Row } from '../../src/load/csv-rows.ts';
import type { LoadRecord } from '../../src/load/load-record.ts';
import { recordsWith } from '../../src/load/rows.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

function csv(text: string | Buffer): string {
  const file = join(tempFolder('csv'), 'x.csv');
  writeFileSync(file, text);
  return file;
}

const number = (name: string, isRequired = true): UsedField => ({
  name,
  isNumber: true,
  isRequired,
  isText: false,
});
const any = (name: string, isText = false): UsedField => ({
  name,
  isNumber: false,
  isRequired: false,
  isText,
});

async function taken(count: number, text: string, used: readonly UsedField[]): Promise<LoadRecord[]> {
  const records = await CsvRecords.open(csv(text), { used, repeats: true });
  const all: LoadRecord[] = [];
  while (all.length < count) all.push(...(await records.take(count - all.length)));
  return all;
}

async function rowsOf(text: string | Buffer, separator?: string): Promise<Cells[]> {
  const file = await openCsv(csv(text), separator);
  const rows: Cells[] = [file.columns];
  for await (const batch of file.batches()) rows.push(...batch.map(({ cells }) => cells));
  return rows;
}

test('the rows of a CSV file are sent once, unless they are to be repeated', async (t) => {
  const records = await CsvRecords.open(csv('a\n1\n2\n'), { used: [number('a')], repeats: false });
  t.is((await records.take(9)).length, 2);
  t.deepEqual(await records.take(9), []);
});

test('repeated rows have an id of their own each, and the key of their row', async (t) => {
  t.deepEqual(await taken(3, 'a,b\n1,2\n3,4e1\n', [number('a'), number('b')]), [
    { key: 'row-0', value: { id: 0, a: 1, b: 2 } },
    { key: 'row-1', value: { id: 1, a: 3, b: 40 } },
    { key: 'row-0', value: { id: 2, a: 1, b: 2 } },
  ]);
});

test('a column that nobody needs is sent where it holds a number and left out where it holds text; what is used is sent as it is', async (t) => {
  const text = 'id,note,extra,code,zip,a\nx-1,hello,7,A,01234,0.5\nx-2,,eight,7,1234,1\n';
  const used = [any('id'), any('code'), any('zip', true), number('a')];
  const values = (await taken(2, text, used)).map(({ value }) => value);
  t.deepEqual(values, [
    { id: 'x-1', extra: 7, code: 'A', zip: '01234', a: 0.5 },
    { id: 'x-2', code: 7, zip: '1234', a: 1 },
  ]);
});

for (const [what, text, message] of [
  ['text for a number', 'a,b\n1,x\n', /x\.csv: line 2: column "b" is "x", expected a number/],
  [
    'a decimal comma',
    'a;b\n1;2,5\n',
    /line 2: column "b" is "2,5", expected a number, with a point for decimals/,
  ],
  [
    'a number that JSON would not have',
    'a,b\n1,0012.5\n',
    /column "b" is "0012.5", expected a number as JSON/,
  ],
  ['a number that no double holds', 'a,b\n1,-1e999\n', /column "b" is "-1e999", expected a number as JSON/],
  ['an empty cell', 'a,b\n1,\n', /line 2: column "b" is "", expected a number/],
  ['a row that is too short', 'a,b\n1,1\n1\n', /line 3 has 1 cells, expected 2 as in the header line/],
  ['no rows', 'a,b\n', /no rows; expected a header line and at least one row/],
  ['nothing in it', '', /no rows/],
  [
    'columns of another',
    'a,c\n1,2\n',
    /x\.csv has no column "b", which the model reads; with the separator "," its columns are "a", "c"/,
  ],
  ['a column twice', 'a,b,b\n1,2,3\n', /has the column "b" twice/],
  ['a quote that is not closed', 'a,b\n1,"2\n', /line 2: a quote that is not closed/],
  ['a quote in a cell', 'a,b\n1,2"2\n', /line 2: a quote inside of a cell/],
  ['a quote that is closed in a later row', 'a,b\n\n1,"2\n3,"4"\n', /line 3: text behind the closing quote/],
  ['text behind a quote', 'a,b\n1,"2"2\n', /line 2: text behind the closing quote/],
] as const) {
  test(`a CSV file with ${what} is refused with the place`, async (t) => {
    const used = [number('a'), number('b')];
    await t.throwsAsync(taken(3, text, used), { instanceOf: CsvDataError, message });
  });
}

test('a record has a number where features has one: text that JSON would not take as a number is none', async (t) => {
  const cells = ['7', '007', '.5', '+1', '0x1f', 'Infinity', '1e999', '-0.5e1', '12345678901234567890'];
  const columns = cells.map((_, index) => `c${index}`);
  const text = `a,${columns.join(',')}\n1,${cells.join(',')}\n`;
  const file = await openCsv(csv(text));
  const { value: rows } = await file.batches()[Symbol.asyncIterator]().next();
  const read = recordsWith(
    file,
    columns.map((name) => ({ name })),
  )((rows[0] as Row).cells);
  const expected = { c0: 7, c7: -5, c8: 12345678901234567890n };
  const [sent] = await taken(1, text, [number('a')]);
  t.deepEqual(sent?.value, { id: 0, a: 1, ...expected });
  t.deepEqual(
    Object.fromEntries(Object.entries(read).filter(([, value]) => typeof value !== 'string')),
    expected,
  );
  const [asIs] = await taken(1, text, [number('a'), ...columns.map((name) => any(name))]);
  t.deepEqual(asIs?.value, { id: 0, a: 1, ...read });
});

test('a row is found by the line of the file in which it begins, whatever the lines before it hold', async (t) => {
  for (const end of ['\n', '\r\n', '\r']) {
    const before = ['', 'a,b', '', '1,"x', 'y', '', 'z"', '', '', '2,y', ''].join(end);
    for (const many of [1, 5_000]) {
      const text = before + `3,z${end}`.repeat(many) + end;
      const file = await openCsv(csv(`${text}4,"v${end}w"`));
      const lines: number[] = [];
      for await (const rows of file.batches()) lines.push(...rows.map(({ line }) => line));
      t.deepEqual([...lines.slice(0, 3), lines.at(-1)], [4, 10, 11, 12 + many], JSON.stringify(end));
      await t.throwsAsync(rowsOf(`${text}4${end}`), { message: new RegExp(`line ${12 + many} has 1 cells`) });
    }
  }
});

test('a column that --text names is said to be named by it if it is not there', async (t) => {
  await t.throwsAsync(taken(1, 'a\n1\n', [number('a'), any('nope', true)]), {
    message: /x\.csv has no column "nope", which --text names; with the separator/,
  });
});

test('a quote that is not closed ends the reading, however long the file is', async (t) => {
  const text = `a,b\n1,"2\n${'3,4\n'.repeat(300_000)}`;
  await t.throwsAsync(rowsOf(text), {
    instanceOf: CsvDataError,
    message: /a row of more than 1048576 bytes/,
  });
});

test('a compressed file is named, with what opens it', async (t) => {
  await t.throwsAsync(rowsOf(Buffer.from('1f8b0800', 'hex')), {
    message: /is compressed by gzip.*zcat .*x\.csv/,
  });
});

test('the separator is found in the header line, or named', async (t) => {
  const expected = [
    ['a', 'b c', 'd'],
    ['1', '2,5', ''],
  ];
  for (const separator of [',', ';', '\t', '|'])
    t.deepEqual(await rowsOf(['a', '"b c"', 'd\n1', '"2,5"', '\n'].join(separator)), expected, separator);
  t.deepEqual(await rowsOf('a:"b c":d\n1:2,5:\n', ':'), expected);
  t.deepEqual(await rowsOf('a\n1\n'), [['a'], ['1']]);
  t.deepEqual(await rowsOf('"a;b;c","d"\n1,2\n'), [
    ['a;b;c', 'd'],
    ['1', '2'],
  ]);
});

test('marks of Excel at the beginning, line ends of Windows and empty lines are no cells', async (t) => {
  const text = 'a,b\r\n\r\n1,2\r\n3,4';
  const expected = [
    ['a', 'b'],
    ['1', '2'],
    ['3', '4'],
  ];
  t.deepEqual(await rowsOf(`\ufeff${text}`), expected);
  t.deepEqual(await rowsOf(Buffer.from(`\ufeff${text}`, 'utf16le')), expected);
});

test('rows are whole wherever the pieces of a file end', async (t) => {
  const lines = Array.from({ length: 20_000 }, (_, row) => `${row},"é""\n${'x'.repeat(row % 90)}"`);
  const rows = await rowsOf(`a,b\n${lines.join('\n')}\n`);
  t.is(rows.length, 20_001);
  t.true(rows.slice(1).every(([a, b], row) => a === `${row}` && b === `é"\n${'x'.repeat(row % 90)}`));
});

test('columns that nobody needs are not looked at, however they are named', async (t) => {
  const file = await openCsv(csv('note,a,note,b\nx,1,y,007\n'));
  const recordOf = recordsWith(file, [{ name: 'a', isText: true }, { name: 'b' }]);
  for await (const rows of file.batches())
    t.deepEqual(
      rows.map(({ cells }) => recordOf(cells)),
      [{ a: '1', b: '007' }],
    );
});

test('a pipe is read once, and its records end with it', async (t) => {
  const pipe = join(tempFolder('csv'), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const writing = writeFile(pipe, 'a\n1\n2\n');
  const records = await CsvRecords.open(pipe, { used: [number('a')], repeats: true });
  const found: LoadRecord[] = [];
  for (let next = await records.take(9); next.length > 0; next = await records.take(9)) found.push(...next);
  await writing;
  t.deepEqual(
    found.map(({ value }) => value.a),
    [1, 2],
  );
});
