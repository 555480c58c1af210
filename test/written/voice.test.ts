// Whatever is wrong in a configuration or a model, it is told in one voice. A property: every key
// with values of every kind, and texts with characters changed, must give lines of that shape.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { ScorelaneError } from '../../src/base/errors.ts';
import { leaves } from '../../src/config/leaves.ts';
import { readGolden, readManifest } from '../../src/model/manifest.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { load, MINIMAL } from '../support/config.ts';
import { runs } from '../support/runs.ts';
import { offVoice } from './voice.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** What goes wrong, told; nothing if nothing does. Other errors than ours are thrown on. */
function told(make: () => unknown): string {
  try {
    make();
    return '';
  } catch (error) {
    if (error instanceof ScorelaneError) return error.message;
    throw error;
  }
}

const VALUES = [
  ...[
    '',
    '~',
    'x y',
    'true',
    '-1',
    '0',
    '7',
    '1.5',
    '1e99',
    '.inf',
    '.nan',
    '999999999999999999999',
    '5parsecs',
  ],
  ...[
    '[]',
    '[~]',
    '[1, [2]]',
    '[{}]',
    '{}',
    '{a: 1}',
    '{a: []}',
    '{a: [{}]}',
    '{~: 1}',
    '"\\u0000"',
    '2026-01-01',
  ],
  ...[
    '[',
    ']',
    '{',
    '{a',
    '"',
    "'",
    '*a',
    '&a *a',
    '!!int x',
    '!x y',
    '@',
    '`',
    '%',
    '|',
    '- ',
    '? ',
    ': ',
    '<<: 1',
    '---',
  ],
];

test('the checker of the voice reads the words, and not the name of the file', (t) => {
  const line = '/tmp/sZod0/NaN/c.yaml:7:24: key: expected a number, found "x"';
  t.deepEqual(offVoice(line), []);
  const zods = '/c.yaml:7:24: key: expected a number, found "x" (ZodError)';
  t.deepEqual(offVoice(zods), [zods]);
  const parsers = '/c.yaml:7:24: key: expected a number, found NaN';
  t.deepEqual(offVoice(parsers), [parsers]);
});

test('a value of any kind for any key, from any source, is taken or refused in one voice', (t) => {
  let refused = 0;
  const off: string[] = [];
  for (const { key, variable, path } of leaves) {
    const [section, ...name] = path;
    const others = MINIMAL.split('\n').filter((line) => !line.startsWith(`${section}:`));
    for (const value of VALUES) {
      const lines = name.length > 0 ? [`${section}:`, `  ${name.join('.')}: ${value}`] : [`${key}: ${value}`];
      for (const make of [
        () => load(MINIMAL, [`${key}=${value}`]),
        () => load(MINIMAL, [], { [variable]: value }),
        () => load([...others, ...lines].join('\n')),
      ]) {
        const message = told(make);
        if (message === '') continue;
        refused++;
        off.push(...offVoice(message));
      }
    }
  }
  t.true(refused > 2_000, `${refused} refused`);
  t.deepEqual(off, []);
});

/** A text with some of its characters changed, as by a slip or a bad merge. */
const slips = fc.array(
  fc.record({
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.nat(6),
    inserted: fc.oneof(
      fc.constantFrom(...VALUES, '\n', '\t', '  ', ': ', '\n---\n', ' #', '{', '}', ', '),
      fc.string(),
    ),
  }),
  { minLength: 1, maxLength: 3 },
);
const slipped = (
  text: string,
  changes: readonly { part: number; removed: number; inserted: string }[],
): string =>
  changes.reduce((changed, { part, removed, inserted }) => {
    const from = Math.floor(part * changed.length);
    return changed.slice(0, from) + inserted + changed.slice(from + removed);
  }, text);

test('a file of a configuration with slips in it is read or refused in one voice', (t) => {
  const texts = ['demo.yaml', 'kafka.yaml', 'reference.yaml'].map((name) =>
    readFileSync(join(ROOT, 'config', name), 'utf8'),
  );
  fc.assert(
    fc.property(fc.constantFrom(MINIMAL, ...texts), slips, (text, changes) => {
      t.deepEqual(offVoice(told(() => load(slipped(text, changes)))), []);
    }),
    runs(400),
  );
});

test('a model.yaml or golden records with slips in them are read or refused in one voice', (t) => {
  const folder = tempFolder('voice');
  fc.assert(
    fc.property(
      fc.constantFrom('creditcard', 'transactions'),
      fc.constantFrom('model.yaml', 'golden.json'),
      slips,
      (model, file, changes) => {
        const from = join(ROOT, 'native-models', model, '1');
        for (const name of ['model.yaml', 'golden.json'])
          writeFileSync(join(folder, name), readFileSync(join(from, name)));
        writeFileSync(join(folder, file), slipped(readFileSync(join(from, file), 'utf8'), changes));
        t.deepEqual(offVoice(told(() => readGolden(readManifest(folder)))), []);
      },
    ),
    runs(300),
  );
});
