// The page in a real Chromium: on the demo as a user starts it, and on jobs with many lanes.

import anyTest, { type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { violations, withBrowser } from '../support/browser.ts';
import { Program } from '../support/daemon.ts';
import { until } from '../support/until.ts';
import { type ManyLanes, manyLanes, servePage, TROUBLE } from './many-lanes.ts';

const test = anyTest as TestFn;
const open = withBrowser(test);
// biome-ignore lint/performance/useDomNodeTextContent: what is seen, not what is there.
const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 900 };

const SMALL_TARGETS = `[...document.querySelectorAll('button, summary, a')]
  .map((each) => ({ each, box: each.getBoundingClientRect() }))
  .filter(({ each, box }) => each.checkVisibility() && (box.height < 44 || box.width < 44))
  .map(({ each }) => each.outerHTML)`;
const FRAME_GAPS = `new Promise((resolve) => {
  const gaps = [];
  let before;
  const frame = (nowMs) => {
    if (before !== undefined) gaps.push(nowMs - before);
    before = nowMs;
    if (gaps.length < 60) requestAnimationFrame(frame);
    else resolve(gaps);
  };
  requestAnimationFrame(frame);
})`;

/** A server of jobs that move, for one test. */
async function serve(t: { teardown(end: () => unknown): void }, jobs: readonly ManyLanes[]): Promise<string> {
  const server = await servePage(() => {
    // Asked once a second, while somebody looks.
    for (const { advance } of jobs) advance();
    return jobs.map(({ job }) => job);
  });
  t.teardown(() => server.stop());
  return server.url;
}

const begun = (page: Page): Promise<unknown> =>
  until('rates to be shown', async () => Number.parseFloat(await text(page, '#flow-out')) > 0);

test('the demo prints where its page is, and the page shows it ready, with its records a second', async (t) => {
  const demo = new Program(['demo', '--set', 'http.listen=127.0.0.1:0', '--set', 'model.backend=wasm']);
  t.teardown(() => demo.stop());
  await demo.says(/http at http:\S+\d: open it in a browser/);
  const [, url = ''] = /http at (http:\S+\d): /.exec(demo.out) ?? [];
  const { page, complaints, elsewhere } = await open(url, { viewport: DESKTOP });
  await until('the job to be ready', async () => (await text(page, '#state')) === 'Ready');
  await begun(page);
  await until(
    'a latency',
    async () => Number.parseFloat(await text(page, '#stages tr:last-child td:last-child')) > 0,
  );
  t.is(await page.locator('.cell').count(), 1);
  t.regex(await text(page, '#flow-in-note'), /^transactions, lag [\d,]+$/);
  t.regex(await text(page, '#serving'), /transactions 1[\s\S]*wasm/);
  t.is(await text(page, '#connection'), 'Live');
  t.deepEqual([complaints, elsewhere], [[], []]);
});

test('a lane that fails is seen among 200, with its reason, which stays text', async (t) => {
  const many = manyLanes(200);
  const { page, complaints, elsewhere } = await open(await serve(t, [many]), { viewport: DESKTOP });
  await begun(page);
  t.is(await page.locator('.cell').count(), 200);
  const failing = page.getByRole('button', { name: 'Partition 7 does not advance' });
  t.is(await failing.locator('b').textContent(), '!');
  await failing.click();
  t.is(await text(page, '#lane-title'), 'payments, partition 7');
  t.true((await text(page, '#lane-trouble')).includes(`SCORELANE_REGISTRY: ${TROUBLE}`));
  t.is(await page.locator('#lane script').count(), 0);
  await page.getByRole('button', { name: /^Behind \d+$/ }).click();
  await until('only lanes behind', async () => (await page.locator('.cell').count()) < 20);
  t.is(await page.locator('.cell:not([data-tone="behind"])').count(), 0);
  t.deepEqual([complaints, elsewhere], [[], []]);
});

test('dead letters stand by their code with the place of the last one, and whatever is in them is text', async (t) => {
  const many = manyLanes(3);
  many.meter.deadLetterCodes = { NOT_A_NUMBER: 1_234 };
  const topic = '<script>document.title = "harmed"</script><img src=x onerror=alert(1)>';
  many.meter.deadLettersOf({ topic, partition: 2 }, { deadLetterOffsets: { NOT_A_NUMBER: 77 } }, Date.now());
  const { page, complaints, elsewhere } = await open(await serve(t, [many]), { viewport: DESKTOP });
  await begun(page);
  const shown = await text(page, '#letters');
  t.true(shown.includes(`The last one: ${topic}, partition 2, offset 77, `), shown);
  t.regex(shown, /NOT_A_NUMBER\n+1,234\n+A field is text, a list, a map or null\./);
  t.is(await page.locator('#letters script, #letters img').count(), 0);
  t.deepEqual([complaints, elsewhere], [[], []]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [where, viewport] of [
    ['a phone', PHONE],
    ['a desktop', DESKTOP],
  ] as const) {
    test(`axe finds nothing, ${colorScheme} on ${where}; nothing is wider than the screen, no target small`, async (t) => {
      const [many, other] = [manyLanes(60), manyLanes(2, 'other')];
      many.meter.deadLetterCodes = { UNDECODABLE: 3 };
      const reasons = [{ code: 'failed', message: 'it stopped, and is started again' }];
      const jobs = [many, { ...other, job: { ...other.job, reasons } }];
      const { page } = await open(await serve(t, jobs), { viewport, colorScheme });
      await begun(page);
      await page.locator('summary').click();
      await page.locator('.cell').nth(7).click();
      await until('the lane to be described', () => page.locator('#lane-facts').isVisible());
      t.deepEqual(await violations(page), []);
      t.true(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
      const small = await page.evaluate(SMALL_TARGETS);
      t.deepEqual(small, []);
    });
  }
}

test('the keyboard comes to every control, and goes through the lanes by arrows', async (t) => {
  const jobs = [manyLanes(60), manyLanes(2, 'other')];
  const { page } = await open(await serve(t, jobs), { viewport: DESKTOP });
  await begun(page);
  /** As those hear it who do not see it. */
  const focused = async (): Promise<string | null> => {
    const found = page.locator(':focus');
    if ((await found.count()) === 0) return null;
    return (
      /"((?:Promote|Pin) version \d+|.*?)(?: \d+| Ready .*)?"/.exec(await found.ariaSnapshot())?.[1] ??
      'summary'
    );
  };
  const seen: string[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const now = await focused();
    if (now === null) break;
    seen.push(now);
  }
  t.deepEqual(seen, [
    'Go to the lanes',
    'many',
    'other',
    'summary',
    'All',
    'Behind',
    'Not well',
    'Partition 0 keeps up',
    'Roll back',
    ...['4', '3', '2'].flatMap((version) => [`Promote version ${version}`, `Pin version ${version}`]),
  ]);
  await page.locator('.cell').first().focus();
  await page.keyboard.press('ArrowRight');
  t.is(await focused(), 'Partition 1 keeps up');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  t.is(await text(page, '#lane-title'), 'payments, partition 1');
  await page.keyboard.press('Escape');
  t.is(await text(page, '#lane-title'), 'No lane is chosen');
});

test('another job is shown when it is chosen', async (t) => {
  const jobs = [manyLanes(5), manyLanes(2, 'other')];
  const { page } = await open(await serve(t, jobs), { viewport: PHONE });
  await begun(page);
  t.is(await page.locator('.cell').count(), 5);
  await page.getByRole('button', { name: /^other/ }).click();
  t.is(await page.locator('.cell').count(), 2);
  t.regex(await text(page, '#serving'), /^Job\s+other/);
});

test('what flows is seen to flow, unless somebody wants no motion, and stands when nothing flows', async (t) => {
  const many = manyLanes(3);
  const url = await serve(t, [many]);
  const motions = (page: Page) =>
    page.evaluate<[string, number][]>(
      'document.getAnimations().filter(({ effect }) => effect.getTiming().iterations === Infinity)' +
        '.map(({ playState, playbackRate }) => [playState, playbackRate])',
    );
  const { page } = await open(url);
  await begun(page);
  const flowing = await motions(page);
  t.is(flowing.length, 3);
  t.true(flowing.every(([state, rate]) => state === 'running' && rate > 1));
  const { page: calm } = await open(url, { reducedMotion: 'reduce' });
  await begun(calm);
  t.deepEqual(await motions(calm), []);
  const still = await servePage(() => [manyLanes(3).job]);
  t.teardown(() => still.stop());
  const { page: idle } = await open(still.url);
  await until('the page to be live', async () => (await text(idle, '#connection')) === 'Live');
  t.deepEqual(
    (await motions(idle)).map(([state]) => state),
    ['paused', 'paused', 'paused'],
  );
});

test('the page of a daemon that is gone says so, and goes on when it is back', async (t) => {
  const many = manyLanes(2);
  const first = await servePage(() => [many.job]);
  const { page } = await open(first.url, { viewport: PHONE });
  await until('the page to be live', async () => (await text(page, '#connection')) === 'Live');
  const { port } = new URL(first.url);
  await first.stop();
  await until('the loss to be shown', async () =>
    (await text(page, '#connection')).startsWith('Connection lost'),
  );
  t.is(await text(page, '#state'), 'No word from the daemon');
  const again = await servePage(() => [many.job], Number(port));
  t.teardown(() => again.stop());
  await until('the page to be live again', async () => (await text(page, '#connection')) === 'Live');
  t.is(await text(page, '#state'), 'Ready');
});

test('200 lanes are drawn without long stops', async (t) => {
  const { page } = await open(await serve(t, [manyLanes(200)]), { viewport: DESKTOP });
  await begun(page);
  const gaps = await page.evaluate<number[]>(FRAME_GAPS);
  const median = gaps.sort((left, right) => left - right)[30] as number;
  t.log(`${(1_000 / median).toFixed(0)} frames a second`);
  t.true(median < 200, `${median} ms between frames`);
});
