// Drafts of snapshots are of the size of states: those of a killed process must not fill the disk,
// and those of a live one must stay.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { OwnFolder } from '../../src/files/own-folder.ts';
import { SnapshotDirectory } from '../../src/pool/snapshot-store.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program, ROOT } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const newFolder = (): string => tempFolder('drafts');
const of = { topic: 'in', partition: 3 };

/** As if so much time had passed since its owner said that it lives. */
function age(folder: string, minutes: number): void {
  const at = Date.now() / 1_000 - 60 * minutes;
  utimesSync(join(folder, 'alive'), at, at);
}

const demo = (temporary: string, ...settings: string[]): Program =>
  new Program(
    [
      'run',
      '--config',
      'config/demo.yaml',
      ...[
        'model.backend=wasm',
        'scoring.workers=1',
        'generate.recordsPerSecond=100',
        'telemetry.reportEvery=200ms',
        ...settings,
      ].flatMap((setting) => ['--set', setting]),
    ],
    { TMPDIR: temporary },
  );

for (const [where, settings] of [
  ['snapshots.directory', (folder: string) => [`snapshots.directory=${folder}`, 'snapshots.interval=100ms']],
  ['the temporary directory', () => []],
] as const) {
  test(`what kill -9 leaves in ${where} goes once it is old, a live neighbour's stays, and an orderly stop leaves nothing`, async (t) => {
    const folder = newFolder();
    const own = (): string[] => readdirSync(folder).filter((name) => !name.endsWith('.state'));
    const started = async (): Promise<{ program: Program; path: string }> => {
      const before = own();
      const program = demo(folder, ...settings(folder));
      t.teardown(() => program.child.kill('SIGKILL'));
      await program.says(/"scored":[1-9]/);
      const [name = '', ...more] = own().filter((each) => !before.includes(each));
      t.deepEqual(more, []);
      return { program, path: join(folder, name) };
    };
    const killed = await started();
    const left = join(killed.path, 'in-0.state.0');
    writeFileSync(left, 'a draft');
    t.is((await killed.program.stop('SIGKILL')).signal, 'SIGKILL');

    const neighbour = await started();
    t.true(existsSync(left), 'it might live still');
    const kept = join(neighbour.path, 'in-0.state.0');
    writeFileSync(kept, 'a draft');
    age(killed.path, 11);
    const prepared = join(folder, 'scorelane-prepared-AAAAAA');
    mkdirSync(prepared);
    writeFileSync(join(prepared, 'alive'), '');
    age(prepared, 11);
    const late = await started();
    await until('what the killed one has left to be deleted', () => !existsSync(killed.path));
    await until('states that were prepared for another version, too', () => !existsSync(prepared));
    t.true(existsSync(kept));
    for (const { program } of [late, neighbour]) {
      const { code, out } = await program.stop();
      t.is(code, 0, out);
    }
    t.deepEqual(own(), []);
    if (where === 'snapshots.directory') t.deepEqual(readdirSync(folder), ['transactions-0.state']);
  });
}

test('a live process says so again and again, and has its folder again after it was deleted', async (t) => {
  const parent = newFolder();
  const own = new OwnFolder(parent, 'x-', { everyMs: 5 });
  age(own.path, 60);
  await until('a new sign', () => Date.now() - statSync(join(own.path, 'alive')).mtimeMs < 60_000 * 30);
  const other = newFolder();
  const directory = new SnapshotDirectory(other, { everyMs: 5 });
  const draft = directory.draft(of);
  const [folder = ''] = readdirSync(other);
  // Another host took this process for dead.
  age(join(other, folder), 60);
  const neighbour = new SnapshotDirectory(other);
  await neighbour.close();
  await until('the folder', () => existsSync(join(other, folder, 'alive')));
  writeFileSync(draft, 'whole');
  await directory.publish(draft, of);
  t.is(directory.find(of), join(other, 'in-3.state'));
  await Promise.all([directory.close(), own.close()]);
  t.deepEqual([readdirSync(parent), readdirSync(other)], [[], ['in-3.state']]);
});

test('what is of another kind stays, however old it is', async (t) => {
  const parent = newFolder();
  const named = ['in-3.state', 'other', 'drafts~prod-backup'];
  for (const name of named) {
    mkdirSync(join(parent, name));
    writeFileSync(join(parent, name, 'alive'), '');
    age(join(parent, name), 60);
  }
  const longAgo = Date.now() / 1_000 - 3_600;
  const [file, unsigned] = [join(parent, 'drafts~AAAAAA'), join(parent, 'drafts~BBBBBB')];
  writeFileSync(file, 'somebody wants it');
  mkdirSync(unsigned);
  for (const path of [file, unsigned]) utimesSync(path, longAgo, longAgo);
  await new SnapshotDirectory(parent).close();
  t.deepEqual(readdirSync(parent).toSorted(), [...named, 'drafts~AAAAAA', 'drafts~BBBBBB'].toSorted());
});

test('what cannot be written is said, and ends nothing', async (t) => {
  const said: string[] = [];
  const own = new OwnFolder(newFolder(), 'x-', { everyMs: 5, onTrouble: (words) => said.push(words) });
  const sign = join(own.path, 'alive');
  // The sign may be written between the two calls, by a thread of the file system.
  await until('a folder in place of the sign', () => {
    rmSync(sign, { force: true });
    try {
      mkdirSync(sign);
      return true;
    } catch {
      return false;
    }
  });
  await until('words', () => said.length > 1);
  t.regex(said.at(-1) ?? '', /EISDIR.*alive/);
  await own.close();
  t.false(existsSync(own.path));
});

test('a folder that ends with its process is gone however soon that is, also while its sign is written', async (t) => {
  const parent = newFolder();
  const module = JSON.stringify(join(ROOT, 'src', 'files', 'own-folder.ts'));
  const program = `const { OwnFolder } = await import(${module});
    new OwnFolder(${JSON.stringify(parent)}, 'x-');
    process.exit();`;
  const run = promisify(execFile);
  // Rare for one: it takes several at once, and many.
  for (let round = 0; round < 8; round++)
    await Promise.all(
      Array.from({ length: 8 }, () => run(process.execPath, ['--input-type=module', '--eval', program])),
    );
  t.deepEqual(readdirSync(parent), []);
});
