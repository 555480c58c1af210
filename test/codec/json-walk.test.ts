// Numbers in JSON, read from their digits without JSON.parse, are the very numbers that JSON.parse
// reads.

import test from 'ava';
import fc from 'fast-check';
import { JsonWalker } from '../../src/codec/json-walk.ts';
import { runs } from '../support/runs.ts';

const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });
const whole = fc.oneof(digits(1, 1), digits(1, 12)).map((text) => text.replace(/^0+(?=\d)/, ''));
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    whole,
    fc.oneof(
      fc.constant(''),
      digits(1, 20).map((text) => `.${text}`),
    ),
  )
  .map((parts) => parts.join(''));
const gap = fc.constantFrom('', ' ', '\n');

/** All elements of a list: in bulk, then one by one. */
function read(text: string, count: number): number[] {
  // Other bytes follow: what is read must not depend on them.
  const bytes = Buffer.from(`${text}0123456789.0123456789`);
  const walker = new JsonWalker();
  walker.reset(bytes, 0, text.length);
  walker.enterList();
  const target = new Float32Array(count);
  let done = walker.readFloat32s(target, 0, count);
  for (; walker.nextElement(done === 0); done++) {
    if (!walker.readNumber()) throw new Error(`no number at byte ${walker.byteAt} of ${text}`);
    target[done] = walker.isExact ? walker.value : walker.exactNumber();
  }
  if (done !== count || !walker.isAtEnd())
    throw new Error(`${done} numbers up to byte ${walker.byteAt} of ${text}`);
  return [...target];
}

test('a list of numbers with any count of digits is read as JSON.parse reads it', (t) => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 6 }), gap, (numbers, space) => {
      const text = `[${numbers.join(`,${space}`)}]`;
      const wanted = (JSON.parse(text) as number[]).map(Math.fround);
      t.deepEqual(read(text, numbers.length), wanted, text);
    }),
    runs(3_000),
  );
});

test('one number is read to the bit, for every count of digits behind the point', (t) => {
  fc.assert(
    fc.property(number, (text) => {
      const bytes = Buffer.from(`${text},9`);
      const walker = new JsonWalker();
      walker.reset(bytes, 0, text.length);
      if (!walker.readNumber() || walker.byteAt !== text.length) return false;
      const wanted = JSON.parse(text) as number;
      if (walker.isExact) return Object.is(walker.value, wanted);
      return Object.is(walker.exactNumber(), wanted);
    }),
    runs(5_000),
  );
  t.pass();
});

test('what is no number of JSON is not read in bulk either', (t) => {
  for (const text of [
    '[1,]',
    '[1.]',
    '[01]',
    '[-]',
    '[1.5.2]',
    '[1 2]',
    '[.5]',
    '[1e]',
    '[--1]',
    '[1.12345678.1]',
  ]) {
    t.throws(() => JSON.parse(text));
    t.throws(() => read(text, 2), undefined, text);
  }
});
