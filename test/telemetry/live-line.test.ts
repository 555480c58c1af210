// The line at the bottom of a terminal: as wide as there is room, gone while something else is
// written, and nowhere but where somebody looks. And the bar of work with an end.

import test from 'ava';
import { LiveLine, type Terminal, terminalOf } from '../../src/telemetry/live-line.ts';
import { ProgressBar } from '../../src/telemetry/progress-bar.ts';

const CLEAR = '\r\u001b[2K';

function fake(columns: number) {
  const terminal = {
    isTTY: true,
    columns,
    written: '',
    resized: () => {},
    write(text: string) {
      terminal.written += text;
    },
    on(_event: 'resize', listener: () => void) {
      terminal.resized = listener;
    },
  };
  return terminal;
}

test('the line is cut to the width, and drawn again when that changes', (t) => {
  const terminal = fake(10);
  const line = new LiveLine(terminal);
  line.show((columns) => `${columns} 23456789012345`);
  t.is(terminal.written, `${CLEAR}9 2345678`);
  terminal.columns = 6;
  terminal.resized();
  t.is(terminal.written, `${CLEAR}9 2345678${CLEAR}5 234`);
});

test('what is written above the line is never glued to it, and the line is back behind it', (t) => {
  const terminal = fake(80);
  const line = new LiveLine(terminal);
  line.above(() => terminal.write('first\n'));
  line.show(() => 'live');
  line.above(() => terminal.write('second\n'));
  line.end();
  line.above(() => terminal.write('third\n'));
  t.is(terminal.written, `first\n${CLEAR}live${CLEAR}second\n${CLEAR}live${CLEAR}third\n`);
});

test('there is no line without a terminal, on a dumb one, or where CI is set', (t) => {
  const [pipe, terminal, other]: Terminal[] = [{ write: () => {} }, fake(80), fake(80)];
  if (pipe === undefined || terminal === undefined || other === undefined) return t.fail();
  t.is(terminalOf([terminal, other], {}), terminal);
  t.is(terminalOf([pipe, other], { CI: 'false', NO_COLOR: '1', TERM: 'xterm' }), other);
  t.is(terminalOf([pipe, pipe], {}), null);
  t.is(terminalOf([terminal], { CI: 'true' }), null);
  t.is(terminalOf([terminal], { TERM: 'dumb' }), null);
  const line = new LiveLine(null);
  line.show(() => t.fail());
  line.end();
});

test('the bar says the share, the count, the rate since the last look and the time left', (t) => {
  const bar = new ProgressBar(0);
  t.is(
    bar.next({ done: 5_000, unit: 'rows', share: 0.05 }, 1_000)(80),
    '[#...................]  5%  5,000 rows  5,000 rows/s  19 s left',
  );
  const later = bar.next({ done: 50_000, unit: 'rows', share: 0.5 }, 500_000);
  t.is(later(80), '[##########..........]  50%  50,000 rows  90 rows/s  8 min 20 s left');
  t.is(later(40), '50%  90 rows/s  8 min 20 s left');
  const endless = new ProgressBar(0).next({ done: 7, unit: 'records', share: null }, 1_000);
  t.is(endless(80), '7 records  7 records/s');
});
