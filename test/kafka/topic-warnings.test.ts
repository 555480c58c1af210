// Which settings of a topic are warned of, held against those of the topic that the records come
// from: none where nothing will be refused.

import test from 'ava';
import { topicWarnings, type Written } from '../../src/kafka/topic-warnings.ts';

/** As Kafka 3.9 has them unless set. */
const DEFAULTS = {
  'cleanup.policy': 'delete',
  'max.message.bytes': '1048588',
  'message.timestamp.after.max.ms': '9223372036854775807',
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.difference.max.ms': '9223372036854775807',
  'message.timestamp.type': 'CreateTime',
  'retention.ms': '604800000',
};

type Settings = Readonly<Record<string, string>>;

const topic = (name: string, more: Settings) => ({
  topic: name,
  settings: new Map(Object.entries({ ...DEFAULTS, ...more })),
});

const settingsWarnedOf = (
  output: Settings,
  input: Settings = {},
  what: Written['what'] = 'results',
): string[] => {
  const written = { topic: 'out', what, from: topic('in', input), batchBytes: 921_600 };
  return topicWarnings(written, topic('out', output)).map((line) => line.match(/ has ([^=]+)=/)?.[1] ?? line);
};

const DAY = '86400000';
const EIGHT_DAYS = '691200000';
const [BEFORE, AFTER, DIFFERENCE] = ['before', 'after', 'difference'].map(
  (side) => `message.timestamp.${side}.max.ms`,
) as [string, string, string];
const COMPACT = { 'cleanup.policy': 'compact' };
const BROKERS_TIME = { 'message.timestamp.type': 'LogAppendTime' };

const CASES: readonly [string, string[], Settings, Settings?, Written['what']?][] = [
  ['topics as they are made', [], {}],
  ['a bound ahead that the input has too', [], { [AFTER]: DAY }, { [AFTER]: DAY }],
  ['a bound ahead below that of the input', [AFTER], { [AFTER]: DAY }, { [AFTER]: EIGHT_DAYS }],
  ['a bound ahead, with an input that the broker dates', [], { [AFTER]: '0' }, BROKERS_TIME],
  [
    'a bound of age that the input has too, which keeps records for longer',
    [BEFORE],
    { [BEFORE]: DAY },
    { [BEFORE]: DAY },
  ],
  [
    'a bound of age above that of the input and its retention',
    [],
    { [BEFORE]: EIGHT_DAYS },
    { [BEFORE]: DAY },
  ],
  [
    'a bound of age, with an input that the broker dates and deletes before',
    [],
    { [BEFORE]: EIGHT_DAYS },
    BROKERS_TIME,
  ],
  [
    'a bound of age, with an input that is kept for ever',
    [BEFORE],
    { [BEFORE]: EIGHT_DAYS },
    { ...BROKERS_TIME, 'retention.ms': '-1' },
  ],
  ['the old name of both bounds', [DIFFERENCE, DIFFERENCE], { [DIFFERENCE]: DAY }],
  [
    'the old name of both bounds, where the new ones are set',
    [BEFORE, AFTER],
    { [DIFFERENCE]: '1', [BEFORE]: DAY, [AFTER]: DAY },
  ],
  ['bounds where the broker dates', ['message.timestamp.type'], { ...BROKERS_TIME, [BEFORE]: DAY }],
  [
    'dead letters smaller than records',
    ['max.message.bytes'],
    { 'max.message.bytes': '1000000' },
    {},
    'dead letters',
  ],
  ['results smaller than records', [], { 'max.message.bytes': '1000000' }],
  [
    'records sent back to where less fits than into dead letters',
    [],
    {},
    { 'max.message.bytes': '2000000' },
    'records sent back',
  ],
  ['batches that do not fit', ['max.message.bytes'], { 'max.message.bytes': '921599' }],
];

for (const [what, expected, output, input, kind] of CASES) {
  test(`${expected.length === 0 ? 'no warning of' : 'a warning of'} ${what}`, (t) => {
    t.deepEqual(settingsWarnedOf(output, input, kind), expected);
  });
}

test('of a compacted topic it is said whether results can come without a key', (t) => {
  const written = { topic: 'out', what: 'results', batchBytes: 0 } as const;
  const [refused] = topicWarnings({ ...written, from: topic('in', {}) }, topic('out', COMPACT));
  t.regex(refused ?? '', /of a record without a key they are refused/);
  const [kept] = topicWarnings({ ...written, from: topic('in', COMPACT) }, topic('out', COMPACT));
  t.regex(kept ?? '', /their records, which all have one, as in is compacted too/);
});

test('where the settings of the input are not known, every bound is warned of', (t) => {
  const written = { topic: 'out', what: 'results', batchBytes: 0, from: undefined } as const;
  t.is(topicWarnings(written, topic('out', { [BEFORE]: DAY, [AFTER]: DAY })).length, 2);
});

test('a bound that was not set for the topic, as that of Kafka 4, is none to warn of where the settings of the input are not known', (t) => {
  const written = { topic: 'out', what: 'results', batchBytes: 0, from: undefined } as const;
  const found = topic('out', { [AFTER]: '3600000' });
  t.deepEqual(topicWarnings(written, { ...found, own: new Set() }), []);
  t.is(topicWarnings(written, { ...found, own: new Set([AFTER]) }).length, 1);
});

test('a setting that is no integer says nothing', (t) => {
  const odd = { [BEFORE]: '1.5', [AFTER]: '', 'retention.ms': 'for ever', 'max.message.bytes': '1e6' };
  const written = { topic: 'out', what: 'dead letters', batchBytes: 0, from: topic('in', odd) } as const;
  t.deepEqual(topicWarnings(written, topic('out', odd)), []);
});
