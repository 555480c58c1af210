// What is dumped of a daemon: where it goes, who may read it, how many there are, and that nothing
// of it is a record's. One daemon for all.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { Daemon } from '../../src/daemon/daemon.ts';
import { readDump } from '../../src/daemon/dump-text.ts';
import { openLog } from '../../src/daemon/open-log.ts';
import { asksForDump, DUMPS_MAX, writeDump } from '../../src/daemon/state-dump.ts';
import { StalledError } from '../../src/engine/driver.ts';
import { MissingTopicError, type SourceListener } from '../../src/log/ports.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { replay } from '../sim/replay.ts';
import { demoConfig } from '../support/config.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';

const folder = tempFolder('dumps');
const said: string[] = [];
const fatal: Error[] = [];
let daemon: Daemon;
let source: SourceListener;

const logger = pino(
  { level: 'info' },
  new Writable({
    write(chunk: Buffer, _, done) {
      said.push(chunk.toString());
      done();
    },
  }),
);
const files = (): string[] =>
  readdirSync(folder)
    .filter((name) => /^scorelane-dump-\d/.test(name))
    .map((name) => join(folder, name))
    .sort();
const newest = () => readDump(readFileSync(files().at(-1) ?? '', 'utf8'));

test.before(async () => {
  const config = demoConfig(`snapshots.directory=${folder}`);
  const log = openLog(config, logger);
  const start = log.source.start.bind(log.source);
  log.source.start = (listener) => {
    source = listener;
    return start(listener);
  };
  daemon = await Daemon.start(config, { logger, log, failFast: true, onFatal: (error) => fatal.push(error) });
  await log.sink.produce([
    batchOf(config.input.topic, 0, [{ key: 'a-key', value: 'a value that is no map' }]),
  ]);
  await until('an answer', () => daemon.meter.records.deadLetters === 1);
});
test.after.always(() => daemon.stop());

test.serial(
  'a dump is written beside the snapshots, for its owner alone, and the log says where it is',
  (t) => {
    daemon.dump('asked');
    const [file = ''] = files();
    t.is(statSync(file).mode & 0o777, 0o600);
    t.true(
      said.some((line) => line.includes(`the state is dumped to ${file}`)),
      said.join(''),
    );
  },
);

test.serial('it has all lanes and the last messages, which replay, and nothing that was in a record', (t) => {
  const text = readFileSync(files()[0] ?? '', 'utf8');
  t.notRegex(text, /a-key|a value|no map/);
  const dump = readDump(text);
  t.like(dump, { format: 1, why: 'asked', error: null });
  t.deepEqual(
    dump.engine.state.lanes.map(({ key, ledger }) => [key, ledger.committable]),
    [['transactions/0', 1]],
  );
  const { messages, fault } = replay(dump, () => {});
  t.is(fault, null);
  t.true(messages >= 4, `${messages}`);
});

test.serial(`the newest ${DUMPS_MAX} stay, and what else is in the folder`, (t) => {
  writeFileSync(join(folder, 'scorelane-dump-mine.json'), '');
  const before = files().length;
  for (let times = 0; times < DUMPS_MAX; times++) daemon.dump(`number ${times}`);
  t.is(before, 1);
  t.is(files().length, DUMPS_MAX);
  t.true(readdirSync(folder).includes('scorelane-dump-mine.json'));
  t.is(readDump(readFileSync(files()[0] ?? '', 'utf8')).why, 'number 0');
});

test.serial('where no dump can be written the log says why, and nothing else happens', (t) => {
  const { driver, meter } = daemon;
  writeDump({ driver, meter, logger, folder: '/dev/null/no-folder' }, 'asked');
  t.regex(said.at(-1) ?? '', /"level":50.*a dump of the state failed: ENOTDIR/);
  t.deepEqual(fatal, []);
});

test.serial(
  'of a fatal error only the places in the program are dumped, whatever lines its message has',
  (t) => {
    const { driver, meter } = daemon;
    const error = new Error('one\n    at a value of a record\nthree');
    writeDump({ driver, meter, logger, folder }, 'fatal', error);
    const text = readFileSync(files().at(-1) ?? '', 'utf8');
    t.false(text.includes('a value of a record'));
    t.regex(readDump(text).error?.stack[0] ?? '', /^\s+at .*state-dump\.test/);
  },
);

test.serial(
  'an engine that finds itself wrong leaves a dump, whose replay fails at the same message',
  async (t) => {
    const broken = [{ bytes: new Uint8Array(9), skip: false }] as never;
    source.fetched({
      topic: 'transactions',
      partition: 0,
      from: 1 as never,
      highWatermark: 2,
      batches: broken,
    });
    await until('the end', () => fatal.length === 1);
    const dump = newest();
    t.is(dump.why, 'fatal');
    t.is(dump.error?.name, 'TypeError');
    t.regex(dump.error?.stack[0] ?? '', /engine\/lane/);
    const { fault } = replay(dump, () => {});
    t.regex(fault ?? '', /^message (\d+) of \1, at [\d.]+ ms: it fails, as it did: TypeError/);
  },
);

test('faults of scorelane and stalls ask for a dump; what its surroundings are to blame for does not', (t) => {
  t.true(asksForDump(new TypeError('x')));
  t.true(asksForDump(new StalledError()));
  t.false(asksForDump(new MissingTopicError()));
});
