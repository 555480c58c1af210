// JSON lines: lines are cut wherever a piece of the file ends, keep their number, and a line that
// is too long is not kept. Cells of CSV may hold lists, and columns may make one up.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { codecs } from '../../src/codec/codecs.ts';
import { openCsv } from '../../src/load/csv-file.ts';
import { JsonLinesError, openJsonLines } from '../../src/load/json-lines.ts';
import { JsonRecords } from '../../src/load/json-records.ts';
import { runLoad } from '../../src/load/load-source.ts';
import { recordsWith } from '../../src/load/rows.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { MemorySink } from '../../src/memory/sink.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { INFLATED_BYTES_MAX } from '../support/records.ts';

const folder = tempFolder('lines');
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

async function sent(text: string, repeats: boolean, count: number, format: 'json' | 'msgpack') {
  const broker = new MemoryBroker();
  broker.createTopic('t', 1);
  const result = await runLoad(
    {
      sink: new MemorySink(broker),
      topic: 't',
      codec: codecs[format],
      records: await JsonRecords.open(written(text), { ...WIDE, repeats }),
      recordsPerSecond: Number.POSITIVE_INFINITY,
      count,
      garbage: { share: 0, field: '' },
      batchBytesMax: 2 ** 20,
    },
    new AbortController().signal,
  );
  const values: unknown[] = [];
  for (const batch of broker.partition({ topic: 't', partition: 0 }).batches) {
    const records = openRecordBatch(batch, INFLATED_BYTES_MAX);
    while (records.next()) values.push(Buffer.from(records.value() ?? []));
  }
  return { ...result, values: values as Buffer[] };
}

test('lines of JSON are sent as they stand to a topic of JSON, once, or again until a count', async (t) => {
  const text = '{"b": 1.0, "n": 12345678901234567890}\n\n{"a":2}';
  const once = await sent(text, false, Number.POSITIVE_INFINITY, 'json');
  t.deepEqual(once.values.map(String), ['{"b": 1.0, "n": 12345678901234567890}', '{"a":2}']);
  t.is((await sent(text, true, 5, 'json')).values.length, 5);
  const [packed] = (await sent(text, false, 1, 'msgpack')).values;
  t.deepEqual(codecs.msgpack.decode(packed as Buffer, 0, packed?.length ?? 0), {
    b: 1,
    n: 12345678901234567890n,
  });
});

test('a line that is no object ends the sending, with its number', async (t) => {
  await t.throwsAsync(sent('{"a":1', false, 9, 'json'), {
    message: /line 1: expected JSON with .*; expected one/,
  });
  await t.throwsAsync(sent('3\n', false, 9, 'json'), {
    message: /line 1: expected one JSON object .*, found 3/,
  });
});
