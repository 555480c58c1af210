// The trace of a record is read as W3C Trace Context has it: what is well formed is read to the
// letter, and everything else is no trace.

import test from 'ava';
import fc from 'fast-check';
import {
  flagsOf,
  formatTraceparent,
  parseTraceparent,
  TraceHeaders,
} from '../../src/answers/trace-context.ts';
import { readHeader } from '../../src/log/record-batch.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { encodeHeaders, RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { runs } from '../support/runs.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const GOOD = `00-${TRACE}-${SPAN}-01`;

const digits = (count: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: count, maxLength: count })
    .map((all) => all.join(''))
    .filter((text) => /[^0]/.test(text));
const context = fc.record({
  traceId: digits(32),
  spanId: digits(16),
  flags: fc.integer({ min: 0, max: 3 }),
});

/** With other bytes around it, as in a record. */
function parsed(text: string) {
  const bytes = Buffer.from(`--${text}--`, 'latin1');
  return parseTraceparent(bytes, 2, bytes.byteLength - 2);
}

test('what is written is read again', (t) => {
  fc.assert(
    fc.property(context, (each) => {
      t.deepEqual(parsed(formatTraceparent(each)), each);
    }),
    runs(500),
  );
});

test('it is read exactly where the rule of the recommendation holds', (t) => {
  const rule = (text: string): boolean => {
    const [, version, trace, span, rest = ''] =
      /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(.*)$/s.exec(text) ?? [];
    if (version === undefined || version === 'ff' || /^0+$/.test(trace ?? '') || /^0+$/.test(span ?? ''))
      return false;
    return rest === '' || (version !== '00' && rest.startsWith('-'));
  };
  const damaged = fc
    .tuple(context, fc.nat({ max: 54 }), fc.constantFrom(...'0fFg-A '), fc.constantFrom('', '-', '-x', 'x'))
    .map(([each, index, letter, more]) => {
      const text = formatTraceparent(each);
      return `${text.slice(0, index)}${letter}${text.slice(index + 1)}${more}`;
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.string({ maxLength: 60, unit: 'binary-ascii' })), (text) => {
      t.is(parsed(text) !== null, rule(text), text);
    }),
    runs(2_000),
  );
});

for (const [what, text] of Object.entries({
  'is too short': GOOD.slice(0, -1),
  'is too long for version 00': `${GOOD}-00`,
  'has the version ff': `ff${GOOD.slice(2)}`,
  'has a trace of zeros': `00-${'0'.repeat(32)}-${SPAN}-01`,
  'has a span of zeros': `00-${TRACE}-${'0'.repeat(16)}-01`,
  'is in upper case': GOOD.toUpperCase(),
}))
  test(`a traceparent that ${what} is none`, (t) => {
    t.is(parsed(text), null);
  });

test('of a later version, and of later flags, what is known is read', (t) => {
  t.deepEqual(parsed(`cc-${TRACE}-${SPAN}-01-more`), { traceId: TRACE, spanId: SPAN, flags: 1 });
  t.is(flagsOf(Buffer.from(`00-${TRACE}-${SPAN}-ff`), 0, GOOD.length), 3);
});

function found(headers: Uint8Array): TraceHeaders | null {
  const writer = new RecordBatchWriter();
  writer.appendRecord(1, null, Buffer.from('value'), headers);
  const { bytes } = writer.finish();
  const records = openRecordBatch({ header: readHeader(bytes), bytes }, 2 ** 20);
  records.next();
  const trace = new TraceHeaders();
  return trace.find(records) ? trace : null;
}

const header = (key: string, value: string | null) => ({
  key,
  value: value === null ? null : Buffer.from(value),
});

test('both headers are found among others; of one that is there twice the last counts', (t) => {
  const trace = found(
    encodeHeaders([
      header('a', '1'),
      header('traceparent', `00-${'1'.repeat(32)}-${SPAN}-00`),
      header('tracestate', 'vendor=1'),
      header('tracestates', 'no'),
      header('nothing', null),
      header('traceparent', GOOD),
    ]),
  );
  t.deepEqual(trace?.context, { traceId: TRACE, spanId: SPAN, flags: 1 });
  t.is(trace?.state, 'vendor=1');
});

test('one that is the only header is found as it is among others', (t) => {
  t.deepEqual(found(encodeHeaders([header('traceparent', GOOD)]))?.context, parsed(GOOD));
  t.is(found(encodeHeaders([header('traceparenT', GOOD)])), null);
});

test('a record without headers, with others, with a null, or with a block that is cut off has no trace', (t) => {
  t.is(found(encodeHeaders([])), null);
  t.is(found(encodeHeaders([header('a', GOOD)])), null);
  t.is(found(encodeHeaders([header('traceparent', null)])), null);
  const whole = encodeHeaders([header('traceparent', GOOD)]);
  for (let length = 1; length < whole.byteLength; length++) t.is(found(whole.subarray(0, length)), null);
});
