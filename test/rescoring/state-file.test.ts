// The file from which a replay goes on holds all of it or is refused, and never half of one write.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Comparison } from '../../src/rescoring/comparison.ts';
import { type ReplayRun, savedRun } from '../../src/rescoring/run-plan.ts';
import { readState, StateFile } from '../../src/rescoring/state-file.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

const folder = tempFolder('state');
const THRESHOLDS = { candidate: 0.5, baseline: null };

const run = (): ReplayRun => ({
  plan: {
    topic: 'payments',
    topicId: 'abc',
    from: 'earliest',
    to: 'latest',
    ranges: [
      { from: 3, until: 30, placedBy: [2] },
      { from: 0, until: 40 },
    ],
    candidate: { model: 'cards', version: '2', fingerprint: 'f' },
    baseline: null,
    score: 'score',
    thresholds: THRESHOLDS,
    label: null,
    id: 'id',
    labelsTopic: null,
    toTopic: null,
  },
  parts: [
    { position: 17, until: 30, placedBy: [2] },
    { position: 40, until: 40 },
  ],
  comparison: new Comparison(2, THRESHOLDS, false),
  secondsBefore: 0,
});

test('what was written is read again, with its positions and its seconds', async (t) => {
  const path = join(folder, 'whole.json');
  const given = run();
  await new StateFile(path).write(savedRun(given, 12.5));
  t.deepEqual(readState(path), { ...given, secondsBefore: 12.5 });
});

test('writes at the same time leave the last of them whole, and no draft', async (t) => {
  const path = join(folder, 'often.json');
  const state = new StateFile(path);
  await Promise.all(Array.from({ length: 20 }, (_, seconds) => state.write(savedRun(run(), seconds))));
  t.is(readState(path).secondsBefore, 19);
  t.false(state.isWriting);
  t.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('often') && name !== 'often.json'),
    [],
  );
  await state.remove();
  t.false(existsSync(path));
});

test('a file that is none, of another format, or not whole is refused with what was found', async (t) => {
  const path = join(folder, 'whole-before.json');
  await new StateFile(path).write(savedRun(run(), 1));
  const whole = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['', /it is no JSON/],
    ['{"format":2}', /it is not whole/],
    [JSON.stringify({ ...whole, positions: [1] }), /it is not whole/],
    [JSON.stringify({ ...whole, format: 7 }), /of format 7, and this version reads 2/],
  ];
  for (const [text, message] of refusals) {
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, text);
    t.throws(() => readState(broken), { code: 'SCORELANE_REPLAY_STATE', message });
  }
  t.throws(() => readState(join(folder, 'nowhere.json')), { code: 'SCORELANE_REPLAY_STATE' });
});
