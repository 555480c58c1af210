// What is said of a text that is not JSON: the place and what was expected there, in no words of
// the engine that reads it.

import test from 'ava';
import fc from 'fast-check';
import { json } from '../../src/codec/json.ts';
import { jsonTrouble } from '../../src/codec/json-trouble.ts';
import { runs } from '../support/runs.ts';

const decode = (text: string | Uint8Array): unknown => {
  const bytes = Buffer.from(text);
  return json.decode(bytes, 0, bytes.length);
};

for (const [text, message] of [
  ['', 'a value at character 1, found the end'],
  ['{"a": NaN}', 'a value at character 7, found "NaN"'],
  ["{'a': 1}", 'a key in double quotes or } at character 2, found "\'"'],
  ['{"a" 1}', 'a colon at character 6, found "1"'],
  ['{"a": 1', 'a comma or } at character 8, found the end'],
  ['{"a": 1,}', 'a key in double quotes at character 9, found "}"'],
  ['[1 2]', 'a comma or ] at character 4, found "2"'],
  ['[01]', 'a comma or ] at character 3, found "1"'],
  ['"\\x"', 'an escape such as \\n or \\u00e4 at character 2, found "\\\\"'],
  ['"a\nb"', 'a double quote at the end of the text at character 3, found "\\n"'],
  ['{} {}', 'nothing more at character 4, found "{"'],
] as const) {
  test(`${JSON.stringify(text)} is refused: expected ${message}`, (t) => {
    t.throws(() => decode(text), { code: 'SCORELANE_JSON', message: `expected JSON with ${message}` });
  });
}

test('bytes that are no UTF-8 are refused in words', (t) => {
  t.throws(() => decode(Buffer.from([0x22, 0xff, 0x22])), {
    message: 'expected JSON in UTF-8, found other bytes',
  });
});

test('trouble is found in exactly those texts that JSON.parse refuses', (t) => {
  const pieces = fc.array(
    fc.constantFrom(...'{}[]",:\\ \n0123456789-+.eEu\u0000\u007f', 'true', 'null', '"a"', '\\n', '{"a":'),
  );
  const damaged = fc
    .tuple(fc.jsonValue(), fc.nat(), fc.nat(3), fc.constantFrom('', ',', '"', '}', '0', ' ', '\\'))
    .map(([value, seed, removed, inserted]) => {
      const text = JSON.stringify(value);
      const from = seed % (text.length + 1);
      return text.slice(0, from) + inserted + text.slice(from + removed);
    });
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map((each) => each.join('')),
        damaged,
      ),
      (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        t.is(jsonTrouble(text) === null, isJson, JSON.stringify(text));
      },
    ),
    runs(3_000),
  );
});
