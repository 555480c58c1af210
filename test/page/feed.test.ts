// What the page is told, and how: rates between two readings, viewers that are bounded, and no work
// while nobody looks. And its files: what they are served with, and that the package has them.

import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import test from 'ava';
import type { Viewer } from '../../src/http/page.ts';
import { Feed, MISSED_MAX, VIEWERS_MAX } from '../../src/page/feed.ts';
import { LANES_SHOWN_MAX, shownLanes } from '../../src/page/lanes.ts';
import { readingOf, snapshotOf } from '../../src/page/snapshot.ts';
import type { PageSnapshot } from '../../src/page/told.ts';
import { run } from '../../tools/run.ts';
import { ROOT } from '../support/daemon.ts';
import { until } from '../support/until.ts';
import { manyLanes, servePage } from './many-lanes.ts';

const moment = {
  ...{ takenAtMs: 2_000, nowMs: 50_000, startedAtMs: 10_000, version: '1' },
  ...{ memory: { residentBytes: 1, heapBytes: 1 }, times: new Map() },
};

test('rates are what has changed between two readings; the first has none', (t) => {
  const { job, advance, meter } = manyLanes(4);
  const before = readingOf([job], 0);
  t.is(snapshotOf([job], null, before, moment).jobs[0]?.running?.rates, null);
  advance();
  meter.deadLetterCodes = { NO_VALUE: 6 };
  meter.records = { ...meter.records, deadLetters: 6 };
  meter.deadLettersOf({ topic: 'payments', partition: 1 }, { deadLetterOffsets: { NO_VALUE: 9 } }, 49_000);
  const { jobs, threads } = snapshotOf([job], before, readingOf([job], 2_000), moment);
  const { running } = jobs[0] as PageSnapshot['jobs'][number];
  const answered = meter.records.scored;
  t.true(answered > 0);
  t.deepEqual(running?.rates, {
    fetched: answered / 2,
    scored: answered / 2,
    results: answered / 2,
    deadLetters: 3,
  });
  t.deepEqual(running?.deadLetters, [
    {
      code: 'NO_VALUE',
      count: 6,
      perSecond: 3,
      meaning: 'the record has no value',
      last: { topic: 'payments', partition: 1, offset: 9, ageMs: 1_000 },
    },
  ]);
  t.deepEqual(threads, { count: 2, busy: 0.45, tensors: 12 });
});

test('a lane that began again went back, and that is no rate', (t) => {
  const { job } = manyLanes(1);
  const [lane] = [...(job.running?.engine.lanes.values() ?? [])];
  const before = readingOf([job], 0);
  if (lane !== undefined) lane.epoch++;
  const now = readingOf([job], 1_000);
  t.is(snapshotOf([job], before, now, moment).jobs[0]?.running?.rates?.fetched, 0);
});

test('of more lanes than a page can hold, those that need somebody are shown first', (t) => {
  const { job, advance } = manyLanes(LANES_SHOWN_MAX + 200);
  advance();
  const { engine } = job.running as NonNullable<typeof job.running>;
  const shown = shownLanes(engine, null);
  t.is(shown.length, LANES_SHOWN_MAX);
  const troubled = [...engine.lanes.values()].filter(({ trouble }) => trouble !== undefined);
  t.is(shown.filter(({ status }) => status === 'trouble').length, troubled.length);
  const order = shown.map(({ partition }) => partition);
  t.deepEqual(
    order,
    order.toSorted((left, right) => left - right),
  );
});

const viewer = (isBehind = false): Viewer & { told: string[]; ended: boolean } => ({
  told: [],
  ended: false,
  isBehind,
  tell(text) {
    this.told.push(text);
  },
  end() {
    this.ended = true;
  },
});

test('nothing is read while nobody looks; viewers are bounded, and let go at the end', async (t) => {
  let reads = 0;
  const { job, meter } = manyLanes(1);
  const feed = new Feed(new Map(), '1', () => {
    reads++;
    return [job];
  });
  const all = Array.from({ length: VIEWERS_MAX }, () => viewer());
  for (const each of all) t.true(feed.join(each));
  t.is(reads, 1, 'once for all of them');
  t.false(feed.join(viewer()));
  meter.stages.record('endToEnd', 5);
  await until('the next second', () => all.every(({ told }) => told.length === 2));
  t.like(JSON.parse(all[0]?.told[1] ?? '').jobs[0].running.times, { endToEnd: { p50: 5.003 }, queue: null });
  feed.end();
  t.true(all.every(({ ended }) => ended));
  const before = reads;
  const late = viewer();
  t.true(feed.join(late));
  t.is(reads, before + 1);
  t.is(JSON.parse(late.told[0] ?? '').jobs[0].running.rates, null, 'it begins anew');
  feed.leave(late);
});

test('a viewer that takes nothing is told nothing more, and let go after a while', async (t) => {
  const feed = new Feed(new Map(), '1', () => [], 5);
  const [slow, other] = [viewer(true), viewer()];
  feed.join(slow);
  feed.join(other);
  t.is(slow.told.length, 1);
  await until('the slow one to be let go', () => slow.ended);
  t.is(slow.told.length, 1);
  t.true(other.told.length >= MISSED_MAX);
  t.false(other.ended);
  feed.leave(other);
});

test('its files have a strict policy, are known by their content, and change nothing', async (t) => {
  const server = await servePage(() => []);
  t.teardown(() => server.stop());
  const names = readdirSync(join(ROOT, 'page')).filter((name) => /\.(css|js|svg)$/.test(name));
  t.true(names.length > 5);
  for (const path of ['/', ...names.map((name) => `/page/${name}`)]) {
    const answer = await fetch(`${server.url}${path}`);
    t.is(answer.status, 200, path);
    t.regex(answer.headers.get('content-security-policy') ?? '', /^default-src 'self';/);
    t.is(answer.headers.get('x-content-type-options'), 'nosniff');
    t.is(answer.headers.get('referrer-policy'), 'no-referrer');
    const etag = answer.headers.get('etag') ?? '';
    const again = await fetch(`${server.url}${path}`, { headers: { 'if-none-match': etag } });
    t.is(again.status, 304, path);
  }
  t.is((await fetch(server.url, { method: 'POST' })).status, 405);
  t.is((await fetch(`${server.url}/page/tsconfig.json`)).status, 404);
  const head = await fetch(`${server.url}/events`, { method: 'HEAD' });
  t.is(head.headers.get('content-type'), 'text/event-stream; charset=utf-8');
});

test('one more than may look at once is refused with when to come again, and a stop ends all', async (t) => {
  const server = await servePage(() => []);
  const open = async (): Promise<IncomingMessage> => {
    const [answer] = (await once(get(`${server.url}/events`), 'response')) as [IncomingMessage];
    return answer.resume();
  };
  const streams = await Promise.all(Array.from({ length: VIEWERS_MAX }, open));
  const refused = await open();
  t.is(refused.statusCode, 503);
  t.is(refused.headers['retry-after'], '30');
  const ends = streams.map((each) => once(each, 'end'));
  streams.pop()?.destroy();
  ends.pop()?.catch(() => {});
  await until('a place to be free', async () => {
    const next = await open();
    const isIn = next.statusCode === 200;
    if (isIn) ends.push(once(next, 'end'));
    return isIn;
  });
  await server.stop();
  await t.notThrowsAsync(Promise.all(ends));
});

test('the package has the page', async (t) => {
  const told = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT });
  const [{ files }] = JSON.parse(told) as [{ files: { path: string }[] }];
  const packed = files.map(({ path }) => path);
  for (const name of ['index.html', 'page.css', 'page.js', 'icon.svg'])
    t.true(packed.includes(`page/${name}`), name);
});
