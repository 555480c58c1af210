// Which version shall serve, and what is done about it: pure functions, so that the same
// repository always leads to the same version.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { NO_LABELS, readLabels, type VersionLabels, writeLabels } from '../../src/versions/labels.ts';
import { pinned, promoted, rolledBack } from '../../src/versions/move-labels.ts';
import { nextAction, type VersionState } from '../../src/versions/next-action.ts';
import { wantedVersion } from '../../src/versions/wanted-version.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { runs } from '../support/runs.ts';

const VERSIONS = ['1', '2', '10', 'a'];
const now = new Date('2026-01-31T12:00:00Z');
const none: ReadonlySet<string> = new Set();
const labelled = (versions: VersionLabels['versions']): VersionLabels => ({ versions, moves: [] });
const wanted = (policy: string, labels = NO_LABELS, refused = none): string | null =>
  wantedVersion(policy, { versions: VERSIONS, labels, refused }).version;

test('a version that the configuration names serves, whatever labels say', (t) => {
  t.is(wanted('a'), 'a');
  t.is(wanted('2', labelled({ pinned: '1', stable: '10' })), '2');
});

test('latest is the highest number, without those that were refused', (t) => {
  t.is(wanted('latest'), '10');
  t.is(wanted('latest', NO_LABELS, new Set(['10'])), '2');
  t.is(wanted('latest', labelled({ stable: '1' })), '10');
  t.is(wanted('latest', labelled({ pinned: '1' })), '1');
});

test('a label names its version; one that nothing has is told with those that there are', (t) => {
  t.is(wanted('stable', labelled({ stable: '1' })), '1');
  t.is(wanted('stable', labelled({ stable: '7' })), null);
  const { version, why } = wantedVersion('stabel', {
    ...{ versions: VERSIONS, refused: none },
    labels: labelled({ stable: '1' }),
  });
  t.is(version, null);
  t.regex(why, /no version and no label of that name \(versions: 1, 2, 10, a; labels: stable\)/);
});

const versions = fc.constantFrom<string>('1', '2', '3', '4');
const state = fc.constantFrom<VersionState>('loading', 'loaded', 'refused');

test('whatever is there, some actions lead to the version that is wanted, and one that serves is never unloaded', (t) => {
  fc.assert(
    fc.property(
      fc.dictionary(versions, state),
      fc.option(versions),
      fc.uniqueArray(versions),
      versions,
      fc.uniqueArray(versions),
      (given, aspired, loaded, first, broken) => {
        const states = new Map<string, VersionState>(Object.entries(given));
        let serving = first;
        states.set(first, 'loaded');
        const wanted = { serving: aspired, loaded: new Set(loaded) };
        let steps = 0;
        for (;;) {
          const action = nextAction(wanted, { serving, states });
          if (action === null) {
            const loading = [...states].find(([, each]) => each === 'loading');
            if (loading === undefined) break;
            states.set(loading[0], broken.includes(loading[0]) ? 'refused' : 'loaded');
            continue;
          }
          t.true(++steps < 20, 'it comes to an end');
          const { type, version } = action;
          if (type === 'load') t.false(states.has(version));
          if (type === 'load') states.set(version, 'loading');
          if (type === 'serve') t.is(states.get(version), 'loaded');
          if (type === 'serve') serving = version;
          if (type === 'unload') t.not(version, serving);
          if (type === 'unload') states.delete(version);
        }
        if (aspired !== null && states.get(aspired) !== 'refused') t.is(serving, aspired);
        if (aspired === null || states.get(aspired) === 'refused') t.is(serving, first);
        const kept = [...states].flatMap(([version, each]) => (each === 'loaded' ? version : []));
        t.deepEqual(
          kept.filter((version) => version !== serving && !loaded.includes(version) && version !== aspired),
          [],
        );
      },
    ),
    runs(2_000),
  );
});

test('promote takes the version that is said, else the canary, else the highest number', (t) => {
  const first = promoted(NO_LABELS, VERSIONS, { label: 'stable', now });
  t.deepEqual(first.labels.versions, { stable: '10' });
  t.regex(
    first.told,
    /^version 10 is stable, it was none before; daemons with model.version: stable follow it$/,
  );
  const canary = promoted(first.labels, VERSIONS, { version: '2', label: 'canary', now });
  const after = promoted(canary.labels, VERSIONS, { label: 'stable', now });
  t.deepEqual(after.labels.versions, { stable: '2' }, 'it is no canary any more');
  t.throws(() => promoted(NO_LABELS, VERSIONS, { version: '7', label: 'stable', now }), {
    message: 'expected a version that is there, one of 1, 2, 10, a, found 7',
  });
});

test('each rollback takes back one promotion more, and a promotion after it begins anew', (t) => {
  let labels = NO_LABELS;
  const promote = (version: string) => {
    labels = promoted(labels, VERSIONS, { version, label: 'stable', now }).labels;
  };
  const rollBack = () => {
    labels = rolledBack(labels, VERSIONS, { label: 'stable', now }).labels;
    return labels.versions.stable;
  };
  for (const version of ['1', '2', '10']) promote(version);
  t.is(rollBack(), '2');
  t.is(rollBack(), '1');
  t.throws(rollBack, { message: /found none: 1 is the first that was stable/ });
  promote('10');
  t.is(rollBack(), '1');
});

test('without a label a rollback pins the version before the highest, and then the one before that', (t) => {
  const once = rolledBack(NO_LABELS, VERSIONS, { label: 'stable', now }).labels;
  t.deepEqual(once.versions, { pinned: '2' });
  const twice = rolledBack(once, VERSIONS, { label: 'stable', now }).labels;
  t.deepEqual(twice.versions, { pinned: '1' });
  t.throws(() => rolledBack(twice, VERSIONS, { label: 'stable', now }), { message: /before 1/ });
  t.deepEqual(pinned(twice, VERSIONS, { version: null, now }).labels.versions, {});
  t.regex(
    promoted(twice, VERSIONS, { version: '2', label: 'stable', now }).told,
    /version 1 is pinned and goes on/,
  );
});

test('labels are read as they were written; what is wrong in them is told with its place', (t) => {
  const repository = tempFolder('labels');
  mkdirSync(join(repository, 'm'));
  t.is(readLabels(repository, 'm'), NO_LABELS);
  const { labels } = promoted(NO_LABELS, VERSIONS, { label: 'stable', now });
  writeLabels(repository, 'm', labels);
  t.deepEqual(readLabels(repository, 'm'), labels);
  t.deepEqual(readdirSync(join(repository, 'm')), ['labels.yaml'], 'no draft is left');
  writeFileSync(join(repository, 'm', 'labels.yaml'), 'labels:\n  Stable: 1\n');
  t.throws(() => readLabels(repository, 'm'), { code: 'SCORELANE_MODEL', message: /labels\.yaml:2/ });
  writeFileSync(join(repository, 'm', 'labels.yaml'), 'labels: { stable: 3 }\n');
  t.deepEqual(readLabels(repository, 'm').versions, { stable: '3' });
});
