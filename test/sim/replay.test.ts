// A dump is enough to see again what an engine did, message by message; and where it would do
// something else, that message is named.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { DUMP_FORMAT, dumpText, readDump, type StateDump } from '../../src/daemon/dump-text.ts';
import type { RecordedStep } from '../../src/engine/recorder.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { planOf } from './faults.ts';
import { replay } from './replay.ts';
import { simulate } from './simulation.ts';

const SEEDS = 8;
const MAIN = join(import.meta.dirname, 'main.ts');

const textOf = (engine: StateDump['engine']): string =>
  dumpText({
    format: DUMP_FORMAT,
    version: '0',
    takenAt: '',
    why: 'test',
    error: null,
    counts: {},
    threads: [],
    engine,
  });

/** As a file would hold them. */
async function dumpsOf(seed: number, windows: boolean): Promise<StateDump[]> {
  const { dumped } = await simulate(planOf(seed, windows), { trace: false });
  return dumped.map((engine) => readDump(textOf(engine)));
}

let longest: Promise<string> | undefined;

/** A step that struck a micro-batch off, so that the next was produced. */
const strikesOff = ({ message, effects }: RecordedStep): boolean =>
  (message.type === 'together' ? message.arrivals : [message]).some(({ type }) => type === 'produced') &&
  effects?.some(({ type }) => type === 'produce') === true;

const commits = ({ parts }: StateDump['engine']): boolean =>
  parts.some(({ steps }) => steps.some((step) => step.effects?.some(({ type }) => type === 'commit')));

/** Of one that scored a lot, and began to be recorded before that. */
async function longDump(): Promise<StateDump> {
  const struckOff = ({ engine }: StateDump): number =>
    engine.parts.flatMap(({ steps }) => steps).filter(strikesOff).length;
  longest ??= Promise.all([1, 2, 3, 4].map((seed) => dumpsOf(seed, false))).then((dumps) => {
    const [most] = dumps
      .flat()
      .filter(({ engine }) => engine.state.lanes.length > 0 && commits(engine))
      .sort((left, right) => struckOff(right) - struckOff(left));
    if (most === undefined) throw new Error('no engine');
    return textOf(most.engine);
  });
  return readDump(await longest);
}

test('a replay has the effects and the state that the engine had, in whatever trouble, also from the middle of a run on', async (t) => {
  t.timeout(120_000);
  let fromTheMiddle = 0;
  for (let seed = 1; seed <= SEEDS; seed++)
    for (const dump of await dumpsOf(seed, seed % 2 === 0)) {
      t.is(replay(dump, () => {}).fault, null, `seed ${seed}`);
      if (dump.engine.parts.length === 2) fromTheMiddle++;
    }
  t.true(fromTheMiddle > SEEDS, `${fromTheMiddle} engines`);
});

test('each message of a replay is said with its effects and with what they changed', async (t) => {
  const lines: string[] = [];
  const dump = await longDump();
  const { messages } = replay(dump, (line) => lines.push(line));
  t.is(messages, dump.engine.parts.flatMap(({ steps }) => steps).length);
  t.is(lines.filter((line) => line.startsWith('message ')).length, messages);
  const text = lines.join('\n');
  t.regex(text, /^message \d+ of \d+, at [\d.]+ ms: fetched in\/\d: \d+ batches, \[\d+, \d+\) of \d+$/m);
  t.regex(text, /^ {4}-> score in\/\d: \d+ to \d+ \(\w+\)$/m);
  t.regex(text, /^ {4}lane in\/\d: running.*; in flight: \d+ \[\d+, \d+\) scoring$/m);
});

test('a replay by an engine with a bug ends with 1 at the first message whose effects are others, and says both', async (t) => {
  const file = join(tempFolder('replay'), 'dump.json');
  writeFileSync(file, textOf((await longDump()).engine));
  const played = promisify(execFile)(process.execPath, [MAIN, '--replay', file]);
  t.regex((await played).stdout, /\d+ messages, each with the effects that it had then/);
  const bug = promisify(execFile)(process.execPath, [
    MAIN,
    '--replay',
    file,
    '--bug',
    'commits one offset too many',
  ]);
  const { code, stdout } = (await t.throwsAsync(bug)) as unknown as { code: number; stdout: string };
  t.is(code, 1, stdout);
  t.regex(
    stdout,
    /^message \d+ of \d+, at [\d.]+ ms: its effects were others:\n[\s\S]*'commit'[\s\S]*and are now:\n/m,
  );
});

test('a replay names the message at which an assertion fails', async (t) => {
  const dump = await longDump();
  const [first] = dump.engine.parts;
  const steps = first?.steps as RecordedStep[];
  const index = steps.findIndex(strikesOff);
  steps.splice(index, 0, steps[index] as RecordedStep);
  const { messages, fault } = replay(dump, () => {});
  t.is(messages, index + 2);
  t.regex(
    fault ?? '',
    /^message \d+ of \d+, at [\d.]+ ms: it fails now: AssertionError.*is not in the ledger/,
  );
});

test('a replay that ends in another state names what differs', async (t) => {
  const dump = await longDump();
  const [lane] = dump.engine.state.lanes as unknown as { epoch: number }[];
  if (lane !== undefined) lane.epoch += 1;
  t.regex(replay(dump, () => {}).fault ?? '', /^after all messages the state is not that of the dump: /);
});

test('what a record may have brought into the words of an error is not in a dump', async (t) => {
  const { state, parts } = (await longDump()).engine;
  const failure = { code: 'SCORELANE_JSON', message: 'unexpected "4111-1111"', stack: '4111-1111' };
  const lane = { topic: 'in', partition: 0, epoch: 1 };
  const step = { nowMs: 1, message: { type: 'scoreFailed', lane, id: 1, failure } as const, effects: null };
  const part = { start: parts[0]?.start ?? state, steps: [step] };
  const text = textOf({ state, parts: [part] });
  t.false(text.includes('4111'), text);
  t.true(text.includes('SCORELANE_JSON'));
});
