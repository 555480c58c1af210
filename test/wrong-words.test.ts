// What a user is told who types something wrong: the words and the exit code, by the command line.
// A process costs a second, so what is the same for all sources of a value is tested in
// test/config.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../tools/temp-folder.ts';
import { Program } from './support/daemon.ts';

const DEMO = ['--config', 'config/demo.yaml'];
const KAFKA = ['--config', 'config/kafka.yaml'];
const folder = tempFolder('wrong');

const file = (name: string, text: string | Uint8Array): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const many = file(
  'many.yaml',
  `input: {topic: "a b"}
output:
  ids: id
model: creditcard
lanes: {retry: 5}
kafka: {sasl.password: s3,cret}
micoBatch: {linger: 1ms}
`,
);
const LINES = [
  String.raw`many\.yaml:1:16: input\.topic: expected a topic name: .*, found "a b"`,
  String.raw`many\.yaml:3:8: output\.ids: expected a list, found "id"`,
  String.raw`many\.yaml:4:8: model: expected a section with keys, such as model\.name, found a value`,
  String.raw`many\.yaml:5:16: lanes\.retry: expected a duration with its unit, such as .*, found .5.`,
  String.raw`many\.yaml:6:27: expected a key that exists, found another one, without a value`,
  String.raw`many\.yaml:7:13: micoBatch\.linger: expected a key that exists, .*; did you mean "microBatch\.linger"\?`,
  String.raw`many\.yaml: output\.topic: expected text, found nothing`,
  String.raw`--set: scoring\.workers: expected .*, found 0`,
  String.raw`SCORELANE_TELEMETRY_LOG_LEVEL: telemetry\.logLevel: expected trace, .* or silent, found "inof"; did you mean "info"\?`,
];

mkdirSync(join(folder, 'repository', 'bad', '1'), { recursive: true });
writeFileSync(
  join(folder, 'repository', 'bad', '1', 'model.yaml'),
  'name: bad\nversion: 1\ninputs:\n  - { path: a, scael: 3 }\noutputs: score\n',
);

mkdirSync(join(folder, 'repository', 'other', '1'), { recursive: true });
file('repository/other/1/model.yaml', Buffer.from('name: \u00e9\n', 'latin1'));

const TABLE: readonly (readonly [words: readonly string[], code: number, told: readonly string[]])[] = [
  [['run', '--config', many, '--set', 'scoring.workers=0'], 78, LINES],
  [
    ['run', '--config', join(folder, 'mnay.yaml')],
    66,
    [String.raw`\S*mnay\.yaml: expected a file .*, found none of that name; did you mean "\S*many\.yaml"\?`],
  ],
  [['check', '--config', folder], 66, [String.raw`\S*: expected a file .*, found a folder`]],
  [
    ['check', '--config', file('alias.yaml', 'input: *nowhere\n')],
    78,
    [String.raw`\S*alias\.yaml:1:8: expected an alias of an anchor above it, found one of none`],
  ],
  [['check', ...DEMO, '--set', 'foo'], 64, ['--set: expected key=value, found foo without a =']],
  [
    ['run', ...DEMO, '--for', '5'],
    64,
    ['--for: expected a duration with its unit, .*, found "5"', 'see scorelane run --help'],
  ],
  [
    ['audit', ...DEMO],
    78,
    [String.raw`config/demo\.yaml:\d+:\d+: log: expected kafka for audit, found "memory": .*`],
  ],
  [
    ['features', '--cofnig', 'x'],
    64,
    [
      String.raw`--cofnig: expected an option, .*; did you mean "--config"\?`,
      'see scorelane features --help',
    ],
  ],
  [['toString'], 64, ['toString: expected a command, found none of this name', 'see scorelane --help']],
  [
    ['dlq', 'lst'],
    64,
    [String.raw`lst: expected a command, .*; did you mean "list"\?`, 'see scorelane dlq --help'],
  ],
  [
    ['run', ...DEMO, 'kafka.sasl.password', 'hush'],
    64,
    ['run: expected options only, found 2 more words', 'see scorelane run --help'],
  ],
  [['produce', ...KAFKA, '--garbage', ''], 64, ['--garbage: expected 0 to 1, found ""']],
  [
    ['produce', ...KAFKA, '--rate', '1e400'],
    64,
    ['--rate: expected records a second, or max, found "1e400"'],
  ],
  [
    ['produce', ...KAFKA, '--csv', join(folder, 'no.csv'), '--count', '1'],
    66,
    [String.raw`\S*no\.csv: expected a file .*, found none of that name`],
  ],
  [
    ['run', ...DEMO, '--set', `model.repository=${join(folder, 'repository')}`, '--set', 'model.name=bad'],
    78,
    [
      String.raw`\S*model\.yaml:4:16: inputs\.0\.scael: expected a key that exists, .*`,
      String.raw`\S*model\.yaml:5:10: outputs: expected a list, found "score"`,
      String.raw`\S*model\.yaml:1:1: artefacts: expected .*, found nothing`,
      String.raw`\S*model\.yaml:1:1: golden: expected .*, found nothing`,
    ],
  ],
  [
    ['check', ...DEMO, '--set', `model.repository=${join(folder, 'repository')}`, '--set', 'model.name=bad'],
    78,
    [
      String.raw`\S*model\.yaml:4:16: inputs\.0\.scael: expected a key that exists, .*`,
      String.raw`\S*model\.yaml:5:10: outputs: expected a list, found "score"`,
      'run would not start: 4 things wrong',
    ],
  ],
  [
    ['check', ...DEMO, '--set', 'output.ids=score, score'],
    78,
    [String.raw`--set: output\.ids: "score" would stand twice .*`, 'run would not start: 1 thing wrong'],
  ],
  [
    ['check', '--config', file('latin1.yaml', Buffer.from('# a\nlog: m\u00e9mory\n', 'latin1'))],
    78,
    [String.raw`\S*latin1\.yaml:2:7: expected text in UTF-8, found other bytes`],
  ],
  [
    [
      'check',
      ...DEMO,
      '--set',
      `model.repository=${join(folder, 'repository')}`,
      '--set',
      'model.name=other',
    ],
    78,
    [String.raw`\S*model\.yaml:1:7: expected text in UTF-8, found other bytes`],
  ],
];

for (const [words, code, lines] of TABLE) {
  test(`scorelane ${words.join(' ').replaceAll(folder, '')}: exit ${code}, in words`, async (t) => {
    const ended = await new Program(words, {
      SCORELANE_TELEMETRY_LOG_LEVEL: words.includes(many) ? 'inof' : 'info',
    }).ended;
    t.is(ended.code, code, ended.out);
    for (const line of lines) t.regex(ended.out, new RegExp(`^scorelane: \\S*${line}$`, 'm'));
    t.notRegex(ended.out.replaceAll(folder, ''), /^ +at |cret|hush|ENOENT|EISDIR/m);
  });
}
