// `scorelane features` as a user runs it: on a generated history its windows are what pandas says
// they are, for every record.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { columnNames, type WindowInput } from '../../src/features/spec.ts';
import { cell } from '../../src/load/rows.ts';
import { readPlan } from '../../src/model/manifest.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program } from '../support/daemon.ts';
import { python } from '../support/kafka.ts';
import { until } from '../support/until.ts';
import { history } from '../support/windows-model.ts';

const DAY_MS = 86_400_000;

const INPUTS = `
  - { path: amount, log1p: true }
  - { time: isWeekend, path: at }
  - { path: terminal, hash: { buckets: 4 } }
  - { window: { function: count, by: customer, size: 1d } }
  - { window: { function: count, by: customer, size: 7d } }
  - { window: { function: count, by: customer, size: 30d } }
  - { window: { function: mean, by: customer, of: amount, size: 1d } }
  - { window: { function: mean, by: customer, of: amount, size: 7d } }
  - { window: { function: sum, by: customer, of: amount, size: 1d, kind: tumbling } }
  - { window: { function: max, by: customer, of: amount, size: 6h, hop: 1h, kind: hopping } }
  - { window: { function: min, by: customer, of: amount, size: 7d } }
  - { window: { function: variance, by: customer, of: amount, size: 7d } }
  - { window: { function: distinct, by: customer, of: terminal, size: 7d } }
  - { window: { function: rate, by: terminal, size: 12h } }
  - { window: { function: timeSinceLast, by: customer, size: 30d, empty: -1 } }
  - { window: { function: count, by: terminal, size: 7d, delay: 7d } }
  - { window: { function: mean, by: terminal, of: fraud, size: 7d, delay: 7d } }`;

function repository(inputs: string, state = '{ time: at }'): { folder: string; flags: string[] } {
  const folder = join(tempFolder('features'), 'cards', '1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'model.yaml'),
    // There is no model yet: it will be trained on these features.
    `name: cards\nversion: 1\ninputs:${inputs}\nwindows: ${state}\n`,
  );
  const settings = [`model.repository=${join(folder, '..', '..')}`, 'model.name=cards'];
  return { folder, flags: ['--config', 'config/kafka.yaml', ...settings.flatMap((each) => ['--set', each])] };
}

function writeCsv(file: string, rows: readonly object[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) =>
    columns.map((column) => cell((row as Record<string, unknown>)[column])).join(','),
  );
  writeFileSync(file, `${columns.join(',')}\n${lines.join('\n')}\n`);
}

test('30 days of 5,000 customers: every window of every record agrees with pandas to 1e-6, in 100 MB of heap', async (t) => {
  t.timeout(300_000);
  const { folder, flags } = repository(INPUTS);
  const [csv, out, json] = ['records.csv', 'matrix.csv', 'windows.json'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const rows = history(30, 5_000);
  t.true(rows.length > 200_000);
  writeCsv(csv, rows);
  // Held as a whole, so many rows would need some 700 MB.
  const args = ['features', ...flags, '--csv', csv, '--out', out, '--keep', 'fraud'];
  const { code, out: said } = await new Program(args, { NODE_OPTIONS: '--max-old-space-size=100' }).ended;
  t.is(code, 0, said);
  t.regex(
    said,
    new RegExp(`${rows.length} rows, 20 features of cards 1, .*; 0 late, .* 0 forgotten, 0 hurried`),
  );
  const inputs = readPlan(folder).inputs.filter((input): input is WindowInput => input.kind === 'window');
  const idleMs = 31 * DAY_MS;
  writeFileSync(
    json,
    JSON.stringify(inputs.map((input) => ({ ...input.window, idleMs, column: columnNames(input)[0] }))),
  );
  const { rows: compared, worst } = JSON.parse(await python('windows.py', csv, out, json)) as {
    rows: number;
    worst: Record<string, number>;
  };
  t.is(compared, rows.length);
  t.is(Object.keys(worst).length, 14);
  for (const [column, difference] of Object.entries(worst))
    t.true(difference < 1e-6, `${column}: ${difference}`);
});

test('rows that have no features are written without them, counted and explained, with exit code 65', async (t) => {
  const { folder, flags } = repository(
    '\n  - { path: amount }\n  - { window: { function: count, by: customer, size: 1d } }',
  );
  const [csv, out] = [join(folder, 'records.csv'), join(folder, 'matrix.csv')];
  writeFileSync(csv, 'at,customer,amount\n1000,"a, b",1.5\n2000,"a, b",\n3000,"a, b",2\n');
  const args = ['features', ...flags, '--csv', csv, '--out', out, '--keep', 'customer'];
  const { code, out: said } = await new Program(args).ended;
  t.is(code, 65, said);
  t.regex(said, /1 rows have no features, MISSING_FIELD: line 3: field "amount" is missing/);
  t.is(
    readFileSync(out, 'utf8'),
    'customer,amount,count() by customer over 1440 min\n"a, b",1.5,1\n"a, b",,\n"a, b",2,2\n',
  );
});

test('a column that is not there, and a matrix that cannot be written, are errors of their own', async (t) => {
  const { folder, flags } = repository('\n  - { path: amount }');
  const csv = join(folder, 'records.csv');
  writeFileSync(csv, 'at,amount\n1,1\n');
  const absent = ['features', ...flags, '--csv', csv, '--out', join(folder, 'x'), '--timestamp', 'when'];
  const { code, out } = await new Program(absent).ended;
  t.is(code, 65, out);
  t.regex(
    out,
    /has no column "when", which --timestamp names; with the separator "," its columns are "at", "amount"/,
  );
  const full = await new Program(['features', ...flags, '--csv', csv, '--out', '/dev/full']).ended;
  t.is(full.code, 73, full.out);
  t.regex(full.out, /could not be written/);
  const itself = await new Program(['features', ...flags, '--csv', csv, '--out', csv]).ended;
  t.is(itself.code, 73, itself.out);
  t.regex(itself.out, /records\.csv is the file that is read; expected another one to write to/);
  t.is(readFileSync(csv, 'utf8'), 'at,amount\n1,1\n');
});

test('columns that nobody needs may hold anything, and with semicolons it is the same matrix', async (t) => {
  const { folder, flags } = repository('\n  - { path: amount }\n  - { path: tip, default: 7 }');
  const [csv, out] = [join(folder, 'records.csv'), join(folder, 'matrix.csv')];
  writeFileSync(csv, 'at;note;amount;note\n1000;"a; b";1.5;\n2000;x;2;y\n');
  const { code, out: said } = await new Program(['features', ...flags, '--csv', csv, '--out', out]).ended;
  t.is(code, 0, said);
  t.regex(said, /2 rows \(separator ";"\), 2 features of cards 1/);
  t.is(readFileSync(out, 'utf8'), 'amount,tip\n1.5,7\n2,7\n');
});

/** What a matrix that is not whole is called. */
const draftIn = (folder: string): string | undefined =>
  readdirSync(folder).find((name) => name.includes('draft'));

test('a row that is wrong leaves the matrix of before as it was, and no half of a new one', async (t) => {
  const { folder, flags } = repository('\n  - { path: amount }');
  const [csv, out] = [join(folder, 'records.csv'), join(folder, 'matrix.csv')];
  writeFileSync(csv, `at,amount\n${'1,2\n'.repeat(100_000)}1\n`);
  writeFileSync(out, 'precious\n');
  const args = ['features', ...flags, '--csv', csv, '--out', out];
  const { code, out: said } = await new Program(args).ended;
  t.is(code, 65, said);
  t.is(readFileSync(out, 'utf8'), 'precious\n');
  t.is(draftIn(folder), undefined);
  writeFileSync(csv, 'at,amount\n1,2\n');
  t.is((await new Program(args).ended).code, 0);
  t.is(readFileSync(out, 'utf8'), 'amount\n2\n');
  t.is(draftIn(folder), undefined);
});

test('a matrix goes straight into a pipe, and ends without a word when its reader has had enough', async (t) => {
  const { folder, flags } = repository('\n  - { path: amount }');
  const csv = join(folder, 'records.csv');
  writeFileSync(csv, `at,amount\n${'1,2\n'.repeat(300_000)}`);
  const words = ['src/main.ts', 'features', ...flags, '--csv', csv, '--out', '/dev/stdout'];
  const script = 'set -o pipefail; "$@" | head -2';
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', process.execPath, ...words], {
    encoding: 'utf8',
  });
  t.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'amount\n2\n', stderr: '' });
});

test('behind what a file has already it is appended, as the shell was told', async (t) => {
  const { folder, flags } = repository('\n  - { path: amount }');
  const [csv, out] = [join(folder, 'records.csv'), join(folder, 'matrix.csv')];
  writeFileSync(csv, 'at,amount\n1,2\n');
  const words = ['src/main.ts', 'features', ...flags, '--csv', csv, '--out', '/dev/stdout', '--quiet'];
  const script = '{ echo before; "$@"; echo behind; } >> "$0"';
  const { status, stderr } = spawnSync('bash', ['-c', script, out, process.execPath, ...words], {
    encoding: 'utf8',
  });
  t.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  t.is(readFileSync(out, 'utf8'), 'before\namount\n2\nbehind\n');
});

test('a signal ends it at once, it says how many rows it had, and what was there before stays', async (t) => {
  const { folder, flags } = repository('\n  - { path: amount }');
  const [csv, out] = [join(folder, 'records.csv'), join(folder, 'matrix.csv')];
  // Half a minute of work, and it is told to end after its first moments.
  writeFileSync(csv, `at,amount\n${'1,2\n'.repeat(4_000_000)}`);
  writeFileSync(out, 'precious\n');
  const program = new Program(['features', ...flags, '--csv', csv, '--out', out]);
  await until('the first rows to be written', () => {
    const draft = draftIn(folder);
    return draft !== undefined && statSync(join(folder, draft)).size > 1_000;
  });
  const { code, out: said } = await program.stop('SIGTERM');
  t.is(code, 143, said);
  t.regex(said, /ended by SIGTERM after \d+ rows: .*matrix\.csv is not written/);
  t.is(readFileSync(out, 'utf8'), 'precious\n');
  t.is(draftIn(folder), undefined);
});

test('text that looks like a number is what the stream has: text, or a number where JSON would have one', async (t) => {
  const { folder, flags } = repository(
    '\n  - { path: code, oneOf: ["007", 7, "7", "1.10"] }\n  - { window: { function: count, by: id, size: 1d } }',
  );
  const [csv, out] = [join(folder, 'records.csv'), join(folder, 'matrix.csv')];
  const ids = ['9007199254740992', '9007199254740993', '01', '1', '1'];
  const codes = ['007', '7', '1.10', '0x7', '1e0'];
  writeCsv(
    csv,
    ids.map((id, index) => ({ at: 1_000, id, code: codes[index] })),
  );
  const args = ['features', ...flags, '--csv', csv, '--out', out, '--keep', 'code'];
  const matrix = async (...more: string[]): Promise<string[]> => {
    const { code, out: said } = await new Program([...args, ...more]).ended;
    t.is(code, 0, said);
    return readFileSync(out, 'utf8').trim().split('\n').slice(1);
  };
  t.deepEqual(await matrix(), [
    '007,1,0,0,0,1',
    '7,0,1,0,0,1',
    '1.10,0,0,0,0,1',
    '0x7,0,0,0,0,1',
    '1e0,0,0,0,0,2',
  ]);
  const asText = await matrix('--text', 'code');
  t.deepEqual(asText.slice(1, 3), ['7,0,0,1,0,1', '1.10,0,0,0,1,1']);
});

test('whole numbers, flags and text of a model with several tensors stand in the matrix as they are', async (t) => {
  const { folder, flags } = repository(' []');
  writeFileSync(
    join(folder, 'model.yaml'),
    `name: cards
version: 1
tensors:
  - { name: amount, inputs: [{ path: amount, mean: 1 }] }
  - name: item
    type: int32
    inputs: [{ path: item }, { path: kind, vocabulary: [card, cash] }, { path: grade, vocabulary: ["1.0", "2.0"] }]
  - { name: note, type: string, inputs: [{ path: note }] }
`,
  );
  const [csv, out] = [join(folder, 'records.csv'), join(folder, 'matrix.csv')];
  writeFileSync(csv, 'amount,item,kind,grade,note\n1.5,16777217,cash,2.0,"a, b"\n2,-1,gold,1,007\n');
  const { code, out: said } = await new Program(['features', ...flags, '--csv', csv, '--out', out]).ended;
  t.is(code, 0, said);
  t.is(readFileSync(out, 'utf8'), 'amount,item,kind,grade,note\n0.5,16777217,2,2,"a, b"\n1,-1,0,0,007\n');
});

test('the last values of a list of fields are taken from their columns, with no topic configured', async (t) => {
  const { folder } = repository(
    '\n  - { window: { function: last, of: [amount, quantity], by: customer, count: 2 } }',
  );
  const [csv, out] = [join(folder, 'records.csv'), join(folder, 'matrix.csv')];
  const own = join(folder, '..', 'only-model.yaml');
  writeFileSync(own, `model: { name: cards, repository: ${join(folder, '..', '..')} }\n`);
  writeFileSync(csv, 'at,customer,amount,quantity\n1000,a,1.5,3\n2000,a,2,4\n');
  const { code, out: said } = await new Program(['features', '--config', own, '--csv', csv, '--out', out])
    .ended;
  t.is(code, 0, said);
  t.deepEqual(readFileSync(out, 'utf8').split('\n').slice(1), ['0,0,1.5,3', '1.5,3,2,4', '']);
});
