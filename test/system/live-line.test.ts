// The live line of a daemon at a real terminal: at 40, 80 and 200 columns, after a change of these,
// and among the lines of the log.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { ROOT } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const SCRIPT = join(ROOT, 'test', 'support', 'python', 'terminal.py');
const DEMO = [process.execPath, join(ROOT, 'src', 'main.ts'), 'run', '--config', 'config/demo.yaml'];
const CLEAR = '\r\u001b[2K';

/** A command at a terminal of so many columns. */
class AtTerminal {
  readonly #child;
  readonly ended: Promise<number | null>;
  written = '';

  constructor(
    columns: number,
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    // CI decides about the line, the others about colours.
    const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...inherited } = process.env;
    this.#child = spawn('python3', [SCRIPT, `${columns}`, ...command], {
      cwd: ROOT,
      env: { ...inherited, TERM: 'xterm-256color', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.written += text;
    });
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  resize(columns: number): void {
    this.#child.stdin.write(`${columns}\n`);
  }

  /** The live lines that are whole, from a place in what was written on. */
  lines(from = 0): string[] {
    return this.written
      .slice(from)
      .split(CLEAR)
      .slice(1, -1)
      .filter((text) => /^[^\n]*records\/s[^\n]*$/.test(text));
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** The lines that stand on the screen at the end. */
const screen = (written: string): string[] =>
  written
    .split('\n')
    .map((line) => stripVTControlCharacters(line.slice(line.lastIndexOf(CLEAR) + 1)).replaceAll('\r', ''));

test('the live line has as much as fits into 40, 80 and 200 columns, follows the width, and stands alone', async (t) => {
  const daemon = new AtTerminal(40, [...DEMO, '--for', '600s', '--set', 'telemetry.reportEvery=300ms']);
  t.teardown(() => daemon.kill());
  for (const [columns, last, expected] of [
    [40, 40, /^[\d,]+ records\/s .*lag [\d,]+$/],
    [80, 40, /^[\d,]+ scored .*records\/s .*p99 [\d.]+ ms {2}lag [\d,]+$/],
    [
      200,
      80,
      /^[\d,]+ scored {2}0 dead letters {2}[\d,]+ records\/s {2}p50 [\d.]+ ms {2}p99 [\d.]+ ms {2}lag [\d,]+$/,
    ],
    [40, 200, /^[\d,]+ records\/s .*lag [\d,]+$/],
  ] as const) {
    const from = daemon.written.length;
    if (columns !== last) daemon.resize(columns);
    await until(
      `a line for ${columns} columns in ${daemon.written}`,
      () => daemon.lines(from).filter((line) => line.length < columns && expected.test(line)).length > 1,
    );
  }
  const narrow = daemon.written.length;
  await until('two more lines', () => daemon.lines(narrow).length > 1);
  t.true(daemon.lines(narrow).every((line) => line.length < 40));
  const shown = screen(daemon.written).slice(0, -1);
  const logged = shown.filter((line) => line.includes(' report '));
  t.true(logged.length > 1);
  t.true(
    logged.every((line) => /^\d\d:\d\d:\d\d\.\d{3} INFO: /.test(line)),
    logged.join('\n'),
  );
  t.deepEqual(
    shown.filter((line) => /records\/s/.test(line) && !line.startsWith('scored')),
    [],
    'every live line was cleared before the next line',
  );
});

test('where CI is set there is no live line, and with --quiet nothing but warnings', async (t) => {
  const [inCi, quiet] = [
    new AtTerminal(80, [...DEMO, '--for', '1s'], { CI: 'true' }),
    new AtTerminal(80, [...DEMO, '--for', '1s', '--quiet']),
  ];
  t.deepEqual(await Promise.all([inCi.ended, quiet.ended]), [0, 0]);
  t.false(inCi.written.includes(CLEAR), inCi.written);
  t.regex(inCi.written, /scored [\d,]+ records/);
  // TensorFlow has words of its own, and a busy machine is told with a warning.
  t.notRegex(quiet.written, /INFO: | scored|records\/s {2}/);
  t.false(quiet.written.includes(CLEAR));
});
