// Windows under damaged and odd records: nothing is thrown, the compiled reader and the general one
// lead to the same features and refusals, and a record that is refused leaves no trace in the
// windows of those behind it.

import { codecs, type Format } from '../../src/codec/codecs.ts';
import { planInput, widthOf } from '../../src/features/spec.ts';
import { StatefulPlan } from '../../src/features/stateful-plan.ts';
import { stateSchema } from '../../src/features/window-spec.ts';
import type { Random } from '../../src/load/random.ts';
import { readerFor } from '../../src/reading/choose-reader.ts';
import { generalReader, type InputReader } from '../../src/reading/input-reader.ts';
import { UndecodedRecord } from '../../src/reading/undecoded-record.ts';
import { ownsIn } from '../../src/worker/states/copartition.ts';
import { mutate } from './mutate.ts';
import type { Target } from './targets.ts';

/** None is scaled up: whatever goes into the windows has features. */
const INPUTS = [
  { window: { function: 'count', by: 'customer', size: '1m', hop: '10s' } },
  { window: { function: 'count', size: '10s', hop: '2s', delay: '5s' } },
  { window: { function: 'distinct', by: 'customer', of: 'kind', size: '1m', hop: '10s', bound: 4 } },
  { window: { function: 'timeSinceLast', by: 'kind', size: '1m', hop: '10s', empty: -1 } },
  { window: { function: 'last', by: 'customer', of: ['at', 'more.0.x'], count: 3, size: '1h' }, std: 1e300 },
].map((input) => planInput.parse(input));
const WIDTH = INPUTS.reduce((sum, input) => sum + widthOf(input), 0);
const STATES = [{ time: 'at' }, {}, { ahead: 'unbounded' }].map((state) =>
  stateSchema.parse({ ...state, grace: '2s' }),
);
const PARTITION_COUNT = 2;
const OWNS = ownsIn(0, [PARTITION_COUNT]);
const RECORDS_MAX = 8;

const KEYS = [
  null,
  Buffer.alloc(0),
  Buffer.from('7'),
  Buffer.from([0, 0, 0, 7]),
  Buffer.from([0, 0, 0, 0, 0, 0, 0, 7]),
  Buffer.from([0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
];
/** As JSON has them: msgpack gets what JSON.parse makes of them. */
const VALUES = ['7', '7', '"7"', '1e999', '-1e999', '1e300', '7.5', '-0', '9007199254740993', 'true', '""'];
/** Of all magnitudes: also the last that a date can have, one more, and nanoseconds. */
const TIMES = [
  ...[
    '1000',
    '2000',
    '61000',
    '3600000',
    '3600000',
    '4294967296000',
    '8640000000000000',
    '-8640000000000000',
  ],
  ...['8640000000000001', '1767225600000000000', '1e30', '-1e300', '0.5', '-1'],
];

const pick = <T>(of: readonly T[], random: Random): T => of[random.below(of.length)] as T;

export function windows(format: Format): Target {
  const encode = (text: string): Uint8Array =>
    format === 'json' ? Buffer.from(text) : codecs[format].encode(JSON.parse(text));
  const valueAt = (random: Random): Uint8Array => {
    const [customer, kind, at] = [pick(VALUES, random), pick(VALUES, random), pick(TIMES, random)];
    const text = `{"customer":${customer},"more":[{"x":1}],"kind":${kind},"at":${at}}`;
    const value = encode(text);
    return random.next() < 0.7 ? value : mutate(value, encode(`{"customer":${kind}}`), random);
  };
  return (random) => {
    const state = pick(STATES, random);
    const raw = new UndecodedRecord(INPUTS, []);
    const general = generalReader(codecs[format], new StatefulPlan(INPUTS, state, OWNS), []);
    const parts = { inputs: INPUTS, raw, idPaths: [], nestingMax: 64 };
    const compiled = readerFor(format, { ...parts, plan: new StatefulPlan(INPUTS, state, OWNS, raw) });
    const undisturbed = generalReader(codecs[format], new StatefulPlan(INPUTS, state, OWNS), []);
    let scored = 0;
    for (let times = 1 + random.below(RECORDS_MAX); times > 0; times--) {
      const bytes = valueAt(random);
      const [timestampMs, key] = [Number(pick(TIMES, random)), pick(KEYS, random)];
      const read = (reader: InputReader): string => {
        const row = new Float32Array(WIDTH);
        return reader.read(bytes, 0, bytes.byteLength, row, 0, timestampMs, key)?.code ?? row.join();
      };
      const found = [general, compiled].map(read);
      if (found[0] !== undefined && /^[A-Z]/.test(found[0])) found.push(found[0]);
      else {
        scored++;
        found.push(read(undisturbed));
      }
      if (new Set(found).size > 1)
        throw new Error(`${found.join(', then ')}: ${Buffer.from(bytes).toString('hex')} at ${timestampMs}`);
    }
    return scored > 0 ? 'scored' : 'dead letter';
  };
}
