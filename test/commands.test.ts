// The command line as a user meets it: what it prints and with what it exits, without any broker.

import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../tools/temp-folder.ts';
import { Program, readSummary, summaryFile } from './support/daemon.ts';

const ended = (...args: string[]) => new Program(args).ended;

test('the demo scores generated transactions in the embedded log and ends by itself with a summary', async (t) => {
  const file = summaryFile();
  const { code, out } = await ended('run', '--config', 'config/demo.yaml', '--for', '3s', '--summary', file);
  t.is(code, 0, out);
  t.regex(out, /scored [\d,]+ records in .* with transactions 1 on \w+: /);
  t.regex(out, /^[\d.]+ s wall time, [\d.]+ s of it active/m);
  t.regex(out, /endToEnd( +[\d.]+){4}/);
  const { scored, recordsPerSecond, cpuMicrosPerRecord, versions } = readSummary(file);
  t.true(scored > 2_000 && recordsPerSecond > 1_000 && cpuMicrosPerRecord > 0);
  t.deepEqual(Object.keys(versions), ['scorelane', 'node', 'kafkajs', 'runtime']);
});

test('a summary that cannot be written, because the disk is full, is an error of its own after all is committed', async (t) => {
  const { code, out } = await ended(
    'run',
    '--config',
    'config/demo.yaml',
    '--for',
    '1s',
    '--summary',
    '/dev/full',
  );
  t.is(code, 73, out);
  t.regex(out, /SCORELANE_CANNOT_WRITE.*the summary could not be written: .*found no space left on its disk/);
  t.regex(out, /scored [\d,]+ records in/);
});

for (const [stream, code] of [
  ['stdout', 73],
  ['stderr', 0],
] as const) {
  test(`a full disk behind ${stream} does not end the daemon, and it exits with ${code}`, async (t) => {
    const full = openSync('/dev/full', 'w');
    const file = summaryFile();
    const args = ['run', '--config', 'config/demo.yaml', '--for', '2s', '--summary', file];
    const program = new Program(args, {}, { [stream]: full });
    const ending = await program.ended;
    closeSync(full);
    t.is(ending.code, code, ending.out);
    t.true(readSummary(file).scored > 0);
    if (stream === 'stdout') t.regex(ending.out, /standard output is lost: ENOSPC/);
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Times past the 25 days that a timer of Node can wait: it would be over at once, and the watch
  // would bark.
  test(`${signal} ends the demo, begun for 600 hours, with a summary and exit code 0`, async (t) => {
    const long = [
      '--for',
      '600h',
      '--set',
      'lanes.stallAfter=2000h',
      '--set',
      'scoring.deadline=700h',
      '--set',
      'telemetry.reportEvery=200ms',
    ];
    const program = new Program(['run', '--config', 'config/demo.yaml', ...long]);
    t.teardown(() => program.child.kill('SIGKILL'));
    await program.says(/"scored":[1-9]/);
    const { code, out } = await program.stop(signal);
    t.is(code, 0, out);
    t.regex(out, /dead letters, lag \d/);
    t.notRegex(out, /SCORELANE_STALLED|TimeoutOverflowWarning|thread was lost/);
  });
}

test('an id that is named as an output exits with 78 and names it, before anything is scored', async (t) => {
  for (const command of ['run', 'check']) {
    const { code, out } = await ended(command, '--config', 'config/demo.yaml', '--set', 'output.ids=[score]');
    t.is(code, 78, out);
    t.regex(out, /output\.ids: "score" would stand twice in a result/);
  }
});

test('a limit of memory that cannot be kept exits with 78 and the sum, one that can is kept, and check prints the sum', async (t) => {
  const demo = ['--config', 'config/demo.yaml', '--set', 'model.backend=wasm', '--set', 'scoring.workers=8'];
  for (const command of ['run', 'check']) {
    const { code, out } = await ended(command, ...demo, '--set', 'scoring.memoryLimit=256MiB');
    t.is(code, 78, out);
    t.regex(
      out,
      /^scorelane: (?:--set: )?scoring\.memoryLimit: 256 MiB of memory are too few for this configuration/m,
    );
    t.regex(out, / 400 MiB {2}8 worker threads of 50 MiB \(scoring\.workers\)\n/);
    t.regex(out, /MiB {2}in all\n/);
    if (command === 'check') t.regex(out, /^scorelane: run would not start: 1 thing wrong$/m);
  }
  const fits = ['--set', 'scoring.workers=1', '--set', 'scoring.memoryLimit=512MiB'];
  const checked = await ended('check', ...demo, ...fits);
  t.is(checked.code, 0, checked.out);
  t.regex(checked.out, /^ok: memory: at most 512 MiB \(scoring\.memoryLimit\), of which may be needed\n/m);
  t.regex(checked.out, /^ *480 MiB {2}in all$/m);
  t.regex(checked.out, /^ *not in it: the windows, up to windows\.keys of the model for each field of keys/m);
  const { code, out } = await ended('run', ...demo, ...fits, '--for', '1s');
  t.is(code, 0, out);
  t.regex(out, /scoring transactions with 1 workers/);
});

test('a model that does not exist exits with 78 and names those that do', async (t) => {
  const { code, out } = await ended('run', '--config', 'config/demo.yaml', '--set', 'model.name=creditcar');
  t.is(code, 78);
  t.regex(out, /expected a model in \S*, found no "creditcar"; did you mean "creditcard"\?/);
});

test('a CSV file that is missing exits with 66, one that is no CSV of numbers with 65 and the place', async (t) => {
  const file = join(tempFolder('csv'), 'x.csv');
  const produce = (path: string) =>
    ended('produce', '--config', 'config/kafka.yaml', '--csv', path, '--count', '1');
  t.is((await produce(file)).code, 66);
  const columns = [...Array.from({ length: 28 }, (_, index) => `V${index + 1}`), 'Amount', 'name'];
  const rows = [columns, columns.map(() => '1'), columns.map(() => 'four')];
  writeFileSync(file, rows.map((row) => `${row.join(';')}\n`).join(''));
  const wrong = await produce(file);
  t.is(wrong.code, 65);
  t.regex(wrong.out, /x\.csv: line 3: column "V1" is "four", expected a number/);
  writeFileSync(file, 'V1,Amount\n1,2\n');
  t.regex(
    (await produce(file)).out,
    /has no column "V2", "V3".* which the model reads; .* columns are "V1", "Amount"/,
  );
});

test('doctor names every part, here or missing, and why', async (t) => {
  const { code, out } = await ended('doctor');
  t.is(code, 0, out);
  for (const part of [
    'Node',
    'kafkajs seam',
    'backend native',
    'backend wasm',
    'backend cpu',
    'java',
    'mvn',
    'python3',
    'g++',
  ]) {
    t.regex(out, new RegExp(`^(ok|missing) +${part.replaceAll('+', '\\+')} `, 'm'));
  }
  const strict = await ended('doctor', '--strict');
  t.is(strict.code, /^missing/m.test(strict.out) ? 69 : 0, strict.out);
});

for (const what of ['list', 'show', 'redrive']) {
  test(`dlq ${what} --code of a code that there is not is refused with 64 and the one that was meant`, async (t) => {
    const { code, out } = await ended('dlq', what, '--config', 'config/kafka.yaml', '--code', 'UNDECODEABLE');
    t.is(code, 64, out);
    t.regex(
      out,
      /--code: expected a code of dead letters, one of .*, found "UNDECODEABLE"; did you mean "UNDECODABLE"\?/,
    );
  });
}

test("the embedded log takes records of one's own from a file, and says when all are sent", async (t) => {
  const folder = tempFolder('own');
  const file = join(folder, 'own.csv');
  writeFileSync(file, 'at,customer,terminal,amount,fraud\n1000,c,t,9.5,0\n2000,c,t,8,0\nsoon,c,t,1,0\n');
  const own = ['--set', `generate.file=${file}`, '--set', 'model.backend=wasm'];
  const run = (...more: string[]) =>
    ended('run', '--config', 'config/demo.yaml', '--for', '2s', ...own, ...more);
  const { code, out } = await run();
  t.is(code, 65, out);
  t.regex(out, /own\.csv: line 4: column .{0,2}"at.{0,2}" is .{0,2}"soon.{0,2}", expected a number/);
  writeFileSync(file, 'at,customer,terminal,amount,fraud\n1000,c,t,9.5,0\n2000,c,t,8,0\n');
  const right = await run();
  t.is(right.code, 0, right.out);
  t.regex(right.out, /sending records of .*own\.csv into the embedded log/);
  t.regex(right.out, /all 2 records of .*own\.csv are sent; generate\.repeat begins again/);
  t.regex(right.out, /scored 2 records /);
});

test('every command that the help lists is there by its name', async (t) => {
  const { out } = await ended('--help');
  const names = [...out.matchAll(/^ {2}([a-z]+) (?:\[| {2})/gm)].map(([, name]) => name as string);
  t.true(names.length > 12, out);
  for (const name of names.filter((each) => each !== 'help')) {
    const { code, out: help } = await ended(name, '--help');
    t.is(code, 0, help);
    t.true(help.startsWith(`Usage: scorelane ${name} `), help);
  }
});
