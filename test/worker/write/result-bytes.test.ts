// A result is written whole, however large it is: whatever its ids, its outputs and their count,
// and whatever was written before.

import test from 'ava';
import { resultSchema } from '../../../src/answers/avro-result-schema.ts';
import { AvroReader } from '../../../src/codec/avro.ts';
import { codecs, FORMATS, type Format } from '../../../src/codec/codecs.ts';
import { ELSEWHERE, type InputReader } from '../../../src/reading/input-reader.ts';
import { AvroResultWriter } from '../../../src/worker/write/avro-results.ts';
import { ResultWriter } from '../../../src/worker/write/result-writer.ts';

const decode = (format: Format, { bytes, end }: ResultWriter): unknown =>
  format === 'json' ? JSON.parse(bytes.toString('utf8', 0, end)) : codecs.msgpack.decode(bytes, 0, end);

/** A reader of one row whose ids stand in `source`, or whose ids are only known as values. */
function readerOf(
  ids: readonly unknown[],
  format: Format | null,
): { readonly reader: InputReader; readonly source: Uint8Array } {
  const parts = ids.map((id) =>
    id === undefined || format === null ? null : codecs[format].encode(id).slice(),
  );
  const starts: number[] = [];
  let end = 4;
  for (const part of parts) {
    starts.push(part === null ? -1 : end);
    end += part?.length ?? 0;
  }
  const source = new Uint8Array(end + 4).fill(0x31);
  parts.forEach((part, id) => {
    if (part !== null) source.set(part, starts[id] as number);
  });
  const reader = {
    ids: () => ids,
    idStart: (_row: number, id: number) => (format === null ? ELSEWHERE : starts[id]),
    idEnd: (_row: number, id: number) =>
      format === null ? ELSEWHERE : (starts[id] as number) + (parts[id]?.length ?? 0),
  };
  return { reader: reader as unknown as InputReader, source };
}

const shape = (format: Format, idCount: number, outputCount: number) => ({
  inputFormat: format,
  format,
  idPaths: Array.from({ length: idCount }, (_, id) => `id${id}`),
  outputs: Array.from({ length: outputCount }, (_, output) => `o${output}`),
  model: 'm',
  version: '1',
});

for (const format of FORMATS) {
  test(`${format}: an id of any length, copied or encoded, comes out whole`, (t) => {
    for (const from of [format, null])
      for (let length = 860; length < 1_060; length++) {
        // Each with a new buffer, which ends somewhere in the result.
        const writer = new ResultWriter(shape(format, 1, 1));
        const id = 'x'.repeat(length);
        const { reader, source } = readerOf([id], from);
        writer.write(reader, 0, source, [Float32Array.of(0.5)], 0, 1);
        const { id0, ...rest } = decode(format, writer) as Record<string, unknown>;
        t.true(
          id0 === id && JSON.stringify(rest) === '{"o0":0.5,"model":"m","version":"1"}',
          `${length} letters`,
        );
      }
  });

  test(`${format}: numbers that take the most bytes come out whole, one by one and in lists`, (t) => {
    const longest = Math.fround(-1.1754943508222875e-38);
    for (let count = 1; count < 60; count++) {
      const lists = new ResultWriter(shape(format, 0, 2));
      const column = new Float32Array(2 * count).fill(longest);
      lists.write(readerOf([], format).reader, 0, new Uint8Array(0), [column, Float32Array.of(1, 2)], 1, 2);
      const found = decode(format, lists) as { o0: number | number[]; o1: number };
      t.deepEqual([found.o0].flat(), [...column.subarray(count)]);
      t.is(found.o1, 2);
      const singles = new ResultWriter(shape(format, 0, count));
      const columns = Array.from({ length: count }, () => Float32Array.of(longest));
      singles.write(readerOf([], format).reader, 0, new Uint8Array(0), columns, 0, 1);
      const values = Object.values(decode(format, singles) as object).slice(0, count);
      t.deepEqual(
        values,
        columns.map(([value]) => value),
      );
    }
  });

  test(`${format}: a result may have any count of entries, and says how many`, (t) => {
    for (const outputCount of [1, 12, 13, 14, 15, 253, 254, 300]) {
      const writer = new ResultWriter(shape(format, 2, outputCount));
      const columns = Array.from({ length: outputCount }, (_, output) => Float32Array.of(output));
      for (const [ids, present] of [
        [['a', 'b'], 2],
        [[undefined, 'b'], 1],
        [['a', undefined], 1],
        [[undefined, undefined], 0],
      ] as const)
        for (const from of [format, null]) {
          const { reader, source } = readerOf(ids, from);
          writer.write(reader, 0, source, columns, 0, 1);
          const found = decode(format, writer) as Record<string, unknown>;
          t.is(Object.keys(found).length, present + outputCount + 2);
          t.deepEqual([found.id0, found.id1], [...ids]);
          t.deepEqual([found.o0, found[`o${outputCount - 1}`], found.version], [0, outputCount - 1, '1']);
        }
    }
  });

  test(`${format}: the buffer grows when it must, by what is needed twice, and stays`, (t) => {
    const writer = new ResultWriter(shape(format, 1, 1));
    const write = (length: number): number => {
      const { reader, source } = readerOf(['x'.repeat(length)], format);
      writer.write(reader, 0, source, [Float32Array.of(1)], 0, 1);
      t.is(writer.view.buffer, writer.bytes.buffer);
      return writer.bytes.length;
    };
    t.is(write(500), 1_024);
    const grown = write(2_000);
    t.true(grown > 4_000 && grown < 4_400, `${grown}`);
    t.is(write(3_000), grown);
    t.is(write(10), grown);
  });
}

test('an id of the same format stands in the result as it stands in the record, to the letter', (t) => {
  const source = Buffer.from('  1.50  "\\u0061"');
  const [starts, ends] = [
    [2, 8],
    [6, 16],
  ];
  const reader = {
    ids: () => [1.5, 'a'],
    idStart: (_row: number, id: number) => starts[id],
    idEnd: (_row: number, id: number) => ends[id],
  };
  const writer = new ResultWriter(shape('json', 2, 1));
  writer.write(reader as unknown as InputReader, 0, source, [Float32Array.of(1)], 0, 1);
  t.is(
    writer.bytes.toString('utf8', 0, writer.end),
    '{"id0":1.50,"id1":"\\u0061","o0":1,"model":"m","version":"1"}',
  );
});

test('json to msgpack: an id is encoded anew, though it stands in the record', (t) => {
  for (const [inputFormat, format] of [
    ['json', 'msgpack'],
    ['msgpack', 'json'],
  ] as const) {
    const writer = new ResultWriter({ ...shape(format, 3, 1), inputFormat });
    const { reader, source } = readerOf(['é', undefined, 7], inputFormat);
    writer.write(reader, 0, source, [Float32Array.of(1)], 0, 1);
    t.deepEqual(decode(format, writer), { id0: 'é', id2: 7, o0: 1, model: 'm', version: '1' });
  }
});

test('avro: a result of any length comes out whole, behind its frame, also once the buffer has grown', (t) => {
  const avroShape = { idPaths: ['id'], outputs: [{ name: 'o', type: 'float' as const, isList: true }] };
  const reader = new AvroReader({
    framing: 'plain',
    schema: resultSchema(avroShape),
    writers: [],
    schemasMax: 1,
  });
  for (let length = 980; length < 1_020; length++) {
    const writer = new AvroResultWriter({ ...avroShape, model: 'm', version: '1' }, Uint8Array.of(1, 2, 3));
    for (const id of ['x'.repeat(length), 'y', 'z'.repeat(5_000)]) {
      writer.write(
        readerOf([id], null).reader,
        0,
        new Uint8Array(0),
        [Float32Array.of(9, 9, 0.5, 0.25)],
        1,
        2,
      );
      t.deepEqual([...writer.bytes.subarray(0, 3)], [1, 2, 3]);
      t.is(writer.view.buffer, writer.bytes.buffer);
      const found = reader.decode(writer.bytes, 3, writer.end) as Record<string, unknown>;
      t.true(
        found.id === id && JSON.stringify(found.o) === '[0.5,0.25]' && found.version === '1',
        `${length} letters`,
      );
    }
    t.true(writer.bytes.length < 16_000, `${writer.bytes.length}`);
  }
});
