// JSON lines: lines are cut wherever a piece of the file ends, keep their number, and a line that
// is too long is not kept. Cells of CSV may hold lists, and columns may make one up.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openCsv } from '../../src/load/csv-file.ts';
import { JsonLinesError, openJsonLines } from '../../src/load/json-lines.ts';
import { recordsWith } from '../../src/load/rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'scorelane-lines-'));
const WIDE = { option: '--in', lineBytesMax: 2 ** 20 };
let files = 0;

function written(text: string | Buffer): string {
  const file = join(folder, `${files++}.jsonl`);
  writeFileSync(file, text);
  return file;
}

async function linesOf(text: string | Buffer, options = WIDE): Promise<(readonly [number, string])[]> {
  const found: (readonly [number, string])[] = [];
  const { batches } = await openJsonLines(written(text), options);
  for await (const lines of batches())
    for (const { line, bytes } of lines) found.push([line, Buffer.from(bytes).toString()]);
  return found;
}

test('every line comes once, whole and with its number, wherever the pieces of the file end', async (t) => {
  const lines = Array.from({ length: 5_000 }, (_, index) => `{"a":"${'é'.repeat(index % 90)}"}`);
  t.deepEqual(
    await linesOf(lines.join('\n')),
    lines.map((line, index) => [index + 1, line]),
  );
});

test('a mark at the beginning, line ends of Windows, blanks and empty lines are no part of a record', async (t) => {
  t.deepEqual(await linesOf('\uFEFF{"a":1}\r\n\r\n  \n {"a":2} \t\r\n\n'), [
    [1, '{"a":1}'],
    [4, '{"a":2}'],
  ]);
});

test('of a line that is too long only so much is kept as shows it, and the next line is whole', async (t) => {
  const long = `{"a":"${'x'.repeat(200_000)}"}`;
  const found = await linesOf(`${long}\n{"b":1}\n${long}`, { option: '--in', lineBytesMax: 100 });
  t.deepEqual(
    found.map(([line, { length }]) => [line, length]),
    [
      [1, 101],
      [2, 7],
      [3, 101],
    ],
  );
});

test('what is no JSON lines at all is refused, with what makes it so', async (t) => {
  for (const [text, told] of [
    ['[\n{"a":1}\n]', /is one JSON list, expected .* jq -c '\.\[\]' .* --in -/],
    ['{\n "a": 1\n}', /has one JSON object on many lines, expected .* jq -c \. /],
    [Buffer.from([0x1f, 0x8b, 8, 0]), /is compressed by gzip, expected JSON lines as text: zcat .* --in /],
    [Buffer.from([0xff, 0xfe, 0x7b, 0]), /is UTF-16, expected JSON lines in UTF-8/],
    ['', /no records; expected one JSON object on each line/],
  ] as const)
    await t.throwsAsync(linesOf(text), { instanceOf: JsonLinesError, message: told });
});

test('a nested field is read from the column of its path, and a list from a cell in JSON or from one column for each element', async (t) => {
  const file = written('card.country,tags,embedding.0,embedding.1,note\nNL,"[1, 2.5]",0.5,,"[no list"\n');
  const csv = await openCsv(file);
  const recordOf = recordsWith(csv, [
    { name: 'card.country', steps: ['card', 'country'] },
    { name: 'tags' },
    { name: 'embedding' },
    { name: 'note' },
  ]);
  for await (const rows of csv.batches())
    for (const { cells } of rows)
      t.deepEqual(recordOf(cells), {
        card: { country: 'NL' },
        tags: [1, 2.5],
        embedding: [0.5],
        note: '[no list',
      });
});
