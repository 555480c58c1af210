// Results written from the template say what an object with the same content would say, in both
// formats, whether ids are copied as bytes or encoded again.

import test from 'ava';
import fc from 'fast-check';
import { nameTwice } from '../../../src/answers/result-names.ts';
import { codecs, FORMATS } from '../../../src/codec/codecs.ts';
import { compileReader } from '../../../src/reading/choose-reader.ts';
import { ResultWriter } from '../../../src/worker/write/result-writer.ts';

const id = fc.option(
  fc.oneof(fc.string({ maxLength: 40 }), fc.integer(), fc.array(fc.boolean(), { maxLength: 3 })),
  {
    nil: undefined,
  },
);
const score = fc.float({ noNaN: true, noDefaultInfinity: true });

for (const inputFormat of FORMATS) {
  for (const format of FORMATS) {
    test(`${inputFormat} to ${format}: ids, scores, model and version are all there, and nothing else`, (t) => {
      const idPaths = ['id', 'card.number'];
      const reader = compileReader(
        inputFormat,
        [{ kind: 'field', path: 'a', log1p: false, mean: 0, std: 1 }],
        idPaths,
      );
      const shape = {
        inputFormat,
        format,
        idPaths,
        outputs: ['risk', 'kinds'],
        model: 'm "1"',
        version: '3',
      };
      const writer = new ResultWriter(shape);
      fc.assert(
        fc.property(
          id,
          id,
          score,
          fc.array(score, { minLength: 2, maxLength: 2 }),
          fc.nat(2),
          (first, second, risk, kinds, row) => {
            const card = second === undefined ? {} : { number: second };
            const value = { a: 1, ...(first === undefined ? {} : { id: first }), card };
            const bytes = codecs[inputFormat].encode(value).slice();
            t.is(reader.read(bytes, 0, bytes.length, new Float32Array(row + 1), row, 0), null);
            const columns = [Float32Array.of(0, risk), Float32Array.of(0, 0, ...kinds)];
            writer.write(reader, row, bytes, columns, 1, 2);
            const positive = (each: number): number => (format === 'json' && each === 0 ? 0 : each);
            const written = writer.bytes.subarray(0, writer.end);
            // A score that is large has no fraction in JSON, and is no integer for that.
            const found =
              format === 'json'
                ? JSON.parse(written.toString())
                : codecs.msgpack.decode(written, 0, written.length);
            t.deepEqual(found, {
              ...(first === undefined ? {} : { id: first }),
              ...(second === undefined ? {} : { 'card.number': second }),
              risk: positive(risk),
              kinds: kinds.map(positive),
              model: 'm "1"',
              version: '3',
            });
          },
        ),
      );
    });
  }
}

test('an id that is named as something else in a result is found before anything is written', (t) => {
  for (const id of ['risk', 'model', 'version', 'features', 'card.number'])
    t.is(nameTwice(['card\\.number', id], ['risk'], true), id);
  t.is(nameTwice(['id', 'features'], ['risk'], false), undefined);
});
