// `scorelane models promote`, `rollback` and `pin`, as somebody types them.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../../tools/temp-folder.ts';
import { type Ended, Program } from '../support/daemon.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const repository = tempFolder('labels');
for (const version of ['1', '2', '3'])
  cpSync(MODEL_FOLDER, join(repository, 'creditcard', version), { recursive: true });
const ended = (command: string, ...words: string[]): Promise<Ended> =>
  new Program(['models', command, 'creditcard', ...words, '--repository', repository]).ended;
const labels = (): string => readFileSync(join(repository, 'creditcard', 'labels.yaml'), 'utf8');

test.serial('promote, rollback and pin say what they did and who follows', async (t) => {
  const says = async (expected: string, ...words: readonly [string, ...string[]]): Promise<void> => {
    const { code, out } = await ended(...words);
    t.is(code, 0, out);
    t.is(out.trim(), expected);
  };
  const follow = 'daemons with model.version: stable follow it';
  await says(
    `version 1 is stable, it was none before; ${follow}`,
    ...(['promote', '--version', '1'] as const),
  );
  await says(`version 3 is stable, it was 1; ${follow}`, 'promote');
  await says('version 3 is stable already', 'promote');
  await says(`version 1 is stable again, it was 3; ${follow}`, 'rollback');
  await says(
    'version 1 is pinned; daemons follow it, except those whose model.version names a version',
    ...(['pin', '--version', '1'] as const),
  );
  await says('version 1 is not pinned any more', ...(['pin', '--off'] as const));
  t.regex(labels(), /^labels:\n {2}stable: "1"$/m);
});

test.serial('without --repository it is the one that the environment names, as for the daemon', async (t) => {
  const before = labels();
  const program = new Program(['models', 'promote', 'creditcard', '--version', '2', '--label', 'canary'], {
    SCORELANE_MODEL_REPOSITORY: repository,
  });
  const { code, out } = await program.ended;
  t.is(code, 0, out);
  t.is(
    out.trim(),
    'version 2 is canary, it was none before; daemons score a share of the keys with it (model.canaryShare)',
  );
  t.not(labels(), before);
  writeFileSync(join(repository, 'creditcard', 'labels.yaml'), before);
});

test.serial('a move that cannot be made is told, and moves nothing', async (t) => {
  const before = labels();
  const says = async (
    exit: number,
    expected: RegExp,
    ...words: readonly [string, ...string[]]
  ): Promise<void> => {
    const { code, out } = await ended(...words);
    t.is(code, exit, out);
    t.regex(out, expected);
  };
  await says(78, /one of 1, 2, 3, found 7/, ...(['promote', '--version', '7'] as const));
  await says(78, /is the first that was stable/, 'rollback');
  await says(64, /expected one of --version and --off/, 'pin');
  await says(64, /expected a label of small letters/, ...(['promote', '--label', 'latest'] as const));
  t.is(labels(), before);
});

test.serial('other labels are for versions that are tried', async (t) => {
  const before = labels();
  for (const words of [
    ['--version', '2', '--label', 'shadow'],
    ['--version', '2', '--label', 'canary'],
  ]) {
    const { code, out } = await ended('promote', ...words);
    t.is(code, 0, out);
    t.regex(out, new RegExp(`^version 2 is ${words[3]}, it was none before`));
  }
  const { out } = await ended('promote');
  t.regex(out, /^version 2 is stable/, 'the canary');
  t.regex(labels(), /^labels:\n {2}shadow: "2"\n {2}stable: "2"$/m);
  t.not(labels(), before);
});
