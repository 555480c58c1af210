// Who looks at labels all the time reads the file only where it may be another one, and never
// misses that it is.

import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ModelError } from '../../src/model/model-error.ts';
import {
  labelsFile,
  NO_LABELS,
  readLabels,
  type VersionLabels,
  withMove,
  writeLabels,
} from '../../src/versions/labels.ts';
import { seenLabels } from '../../src/versions/seen-labels.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { until } from '../support/until.ts';

function repository(): { readonly folder: string; readonly file: string; move(to: string): void } {
  const folder = tempFolder('labels');
  mkdirSync(join(folder, 'cards'));
  const move = (to: string): void =>
    writeLabels(
      folder,
      'cards',
      withMove(readLabels(folder, 'cards'), { label: 'stable', to, now: new Date(0) }),
    );
  return { folder, file: labelsFile(folder, 'cards'), move };
}

/** What two looks have in common; undefined where each has read the file. */
const keptBy = (look: () => VersionLabels): VersionLabels | undefined => {
  const labels = look();
  return labels === look() ? labels : undefined;
};

test('a file that stays is read once, as soon as it is old enough to be told from another', async (t) => {
  const { folder, move } = repository();
  const look = seenLabels(folder, 'cards');
  t.is(look(), NO_LABELS, 'there is none yet');
  move('1');
  const first = look();
  t.deepEqual(first.versions, { stable: '1' });
  t.not(look(), first, 'it is too young: read again');
  const kept = await until('the same labels again', () => keptBy(look));
  t.deepEqual(kept, first);
  t.is(look(), kept);
});

test('every move is seen by the next look, however soon the moves follow each other', async (t) => {
  const { folder, move } = repository();
  const look = seenLabels(folder, 'cards');
  move('1');
  await until('the file to be known', () => keptBy(look));
  for (let number = 0; number < 30; number++) {
    const version = String(2 + (number % 2));
    move(version);
    t.is(look().versions.stable, version);
  }
});

test('labels that cannot be read are an error each time, and one that is gone leaves none', (t) => {
  const { folder, file } = repository();
  const look = seenLabels(folder, 'cards');
  writeFileSync(file, 'labels: [stable]\n');
  const past = statSync(file).mtimeMs / 1_000 - 60;
  utimesSync(file, past, past);
  for (let number = 0; number < 2; number++) t.throws(look, { instanceOf: ModelError, message: /labels/ });
  rmSync(file);
  t.is(look(), NO_LABELS);
});
