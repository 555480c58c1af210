// The versions of a real daemon on the page, in Chromium: who has the token moves labels there, and
// nobody else does or is told why a version was refused.

import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { Random } from '../../src/load/random.ts';
import { shownVersions, VERSIONS_SHOWN_MAX } from '../../src/page/shown-versions.ts';
import { NO_LABELS, readLabels, writeLabels } from '../../src/versions/labels.ts';
import type { VersionStatus } from '../../src/versions/model-versions.ts';
import { promoted } from '../../src/versions/move-labels.ts';
import { violations, withBrowser } from '../support/browser.ts';
import { DRIFTING_INPUTS, measuredRecords, withDistributions } from '../support/drifting.ts';
import { firstEvent } from '../support/open-paths.ts';
import { qualityOf, seen, seenOf, TOKEN } from '../support/seen-versions.ts';
import { until } from '../support/until.ts';
import { VersionsRepository } from '../support/versions.ts';

const test = anyTest as TestFn;
const open = withBrowser(test);
// biome-ignore lint/performance/useDomNodeTextContent: what is seen, not what is there.
const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();
const shows = (page: Page, selector: string, expected: RegExp): Promise<true> =>
  until(`${selector} to show ${expected}`, async () => expected.test(await text(page, selector)));

test.serial(
  'who has the token promotes, pins and rolls back on the page by the keyboard, and sees it served',
  async (t) => {
    const { repository, daemon, url } = await seen(t, ['1', '2'], 'model.version=latest');
    repository.add('3', { spoil: (folder) => truncateSync(join(folder, 'model.yaml'), 8) });
    await daemon.living.look();
    const { page, elsewhere } = await open(url);
    await shows(
      page,
      '#versions',
      /^Version 3\s+was refused[\s\S]*Version 2\s+serves[\s\S]*Version 1\s+is in the/,
    );
    t.is(await text(page, '#versions-words'), 'model.version is latest. Version 2 serves: it is the latest.');
    t.false((await firstEvent(url)).includes('model.yaml'), 'why is not for everybody');
    daemon.meter.quality = qualityOf('2');
    await shows(page, '#versions', /Version 2\s+serves; AUC 0\.912, by 400 labels\s/);
    daemon.meter.quality = null;
    await shows(page, '#versions', /Version 2\s+serves\s/);

    await page.getByRole('button', { name: 'Pin version 1' }).focus();
    await page.keyboard.press('Enter');
    t.deepEqual(await violations(page), []);
    await page.keyboard.type('another-token-than-theirs');
    await page.keyboard.press('Enter');
    await shows(page, '#order-trouble', /the token is another than that of http\.adminToken/);
    t.deepEqual(readLabels(repository.folder, 'cards').versions, {}, 'nothing has moved');
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await shows(page, '#versions-done', /^Version 1 is pinned; /);
    await shows(page, '#versions', /Version 1\s+pinned\s+serves/);
    t.is(daemon.living.serving, '1');
    await shows(page, '#versions', /Version 3\s+was refused\s+.*model\.yaml/);
    t.is(await page.evaluate('document.activeElement.textContent'), 'Pin version 1', 'the focus comes back');

    await page.getByRole('button', { name: 'Promote version 1' }).click();
    t.false(await page.locator('#order-token').isVisible(), 'the token is asked for once');
    await page.keyboard.press('Escape');
    t.deepEqual(readLabels(repository.folder, 'cards').versions, { pinned: '1' }, 'Escape orders nothing');
    await page.getByRole('button', { name: 'Pin none' }).click();
    await page.keyboard.press('Enter');
    await shows(page, '#versions', /Version 2\s+serves/);
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.keyboard.press('Enter');
    await shows(page, '#versions', /Version 1\s+pinned\s+serves/);
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.keyboard.press('Enter');
    await shows(page, '#order-trouble', /nothing has changed: expected a version before 1 to go back to/);

    const kept =
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML])';
    t.false((await page.evaluate<string>(kept)).includes(TOKEN), 'it is stored nowhere');
    await page.reload();
    await page.getByRole('button', { name: 'Pin version 2' }).click();
    t.true(await page.locator('#order-token').isVisible(), 'a page that is loaded again has no token');
    t.deepEqual(elsewhere, []);
  },
);

test.serial(
  'the page shows how records have drifted, and how a shadow differs from what is served',
  async (t) => {
    const repository = new VersionsRepository();
    const more = 'results: [{ as: fraudulent, threshold: score, above: 0.5 }]\n';
    repository.add('1', { inputs: DRIFTING_INPUTS, spoil: await withDistributions(), more });
    repository.add('2', { inputs: DRIFTING_INPUTS, hidden: 16, more });
    const labels = promoted(
      promoted(NO_LABELS, ['1', '2'], { version: '1', label: 'stable', now: new Date() }).labels,
      ['1', '2'],
      {
        version: '2',
        label: 'shadow',
        now: new Date(),
      },
    ).labels;
    writeLabels(repository.folder, 'cards', labels);
    const { daemon, url, send } = await seenOf(
      t,
      repository,
      'model.version=stable',
      'drift.sampling=1',
      'model.shadowBudget=1',
    );
    await daemon.living.look();
    const { page, elsewhere } = await open(url);
    t.false(await page.locator('#drift-section').isVisible(), 'nothing is counted yet');
    const random = new Random(2);
    await until('enough records', async () => {
      await send(0, measuredRecords(random, 500, 5));
      return (daemon.meter.drift.readings(performance.now())[0]?.records ?? 0) > 1_000;
    });
    await shows(
      page,
      '#drift',
      /^amount\s+\d\.\d{3}\s+\d\.\d{3}\s+large[\s\S]*size\s+0\.0\d+\s+0\.0\d+\s+none/,
    );
    await shows(page, '#drift-words', /^[\d,]+ sampled records\.$/);
    await shows(
      page,
      '#versions',
      /tried as shadow on [\d,]+ records, decides otherwise on \d+\.\d\d %, scores differ by a PSI of \d/,
    );
    t.deepEqual(await violations(page), []);
    t.deepEqual(elsewhere, []);
  },
);

test('of many versions the page is told few: those that are loaded or that a label names stay', (t) => {
  const versions = Array.from({ length: 100 }, (_, index): VersionStatus => {
    const state = index === 10 ? 'serving' : index === 20 ? 'loaded' : 'available';
    return { version: String(index + 1), state, trial: null, why: null };
  });
  const told = { policy: 'stable', serving: '11', wanted: '11', why: '', labels: { canary: '3' }, versions };
  const shown = shownVersions(told);
  const names = shown.versions.map(({ version }) => version);
  t.deepEqual(names, ['100', '99', '98', '97', '96', '95', '94', '93', '92', '21', '11', '3']);
  t.is(shown.others, 100 - VERSIONS_SHOWN_MAX);
  t.false(JSON.stringify(shown.versions).includes('why'));
});
