// What a log looks like at a terminal, which is what Python's pty makes, and where there is none.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { ROOT } from '../support/daemon.ts';

/** It logs one line: that a variable is nearly a key. */
const COMMAND = [
  ...[process.execPath, join(ROOT, 'src', 'main.ts'), 'produce', '--config', 'config/demo.yaml'],
  ...['--generate', 'transactions', '--to', '/dev/null', '--count', '1'],
];
const AT_TERMINAL = ['python3', '-c', 'import pty, sys; pty.spawn(sys.argv[1:])'];

/** On both of its outputs. */
async function saidBy(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  // Each of these decides about colours, whatever the terminal can do.
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...inherited } = process.env;
  const [program = '', ...args] = words;
  const { stdout, stderr } = await promisify(execFile)(program, args, {
    cwd: ROOT,
    env: { ...inherited, TERM: 'xterm-256color', SCORELANE_TELEMETRY_LOG_LEVL: 'info', ...environment },
  });
  return stdout + stderr;
}

const COLUMNS = /^\d\d:\d\d:\d\d\.\d{3} WARN: {2}.*SCORELANE_TELEMETRY_LOG_LEVL/m;
const YELLOW = '\u001b[33m';
const JSON_LINE = /^\{"level":40,"time":".*SCORELANE_TELEMETRY_LOG_LEVL/m;

test('at a terminal the log has columns and colours, and none of these with NO_COLOR', async (t) => {
  const [coloured, plain] = await Promise.all([
    saidBy([...AT_TERMINAL, ...COMMAND]),
    saidBy([...AT_TERMINAL, ...COMMAND], { NO_COLOR: '1' }),
  ]);
  t.true(coloured.includes(`${YELLOW}WARN`), coloured);
  t.false(plain.includes('\u001b[3'), plain);
  for (const said of [coloured, plain]) t.regex(stripVTControlCharacters(said).replaceAll('\r', ''), COLUMNS);
});

test('elsewhere the log is a JSON object a line; telemetry.logFormat says otherwise in either place', async (t) => {
  const [piped, pretty, json] = await Promise.all([
    saidBy(COMMAND),
    saidBy([...COMMAND, '--set', 'telemetry.logFormat=pretty']),
    saidBy([...AT_TERMINAL, ...COMMAND, '--set', 'telemetry.logFormat=json']),
  ]);
  t.regex(piped, JSON_LINE);
  t.regex(pretty, COLUMNS);
  t.false(pretty.includes('\u001b'), 'no terminal, no colours');
  t.regex(json, JSON_LINE);
});
