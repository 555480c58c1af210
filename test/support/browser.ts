// One Chromium for the tests of a file, and what is found wrong while a page is open.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { TestFn } from 'ava';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { ensureChromium } from '../../tools/chromium.ts';

/** A page, and what it did that it must not do. */
export interface Watched {
  readonly page: Page;
  /** Errors and warnings of its console, also those of its Content-Security-Policy. */
  readonly complaints: string[];
  /** Requests to any other origin. */
  readonly elsewhere: string[];
}

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Opens pages in a browser that lives as long as the tests of the file. */
export function withBrowser(
  test: TestFn,
): (url: string, options?: BrowserContextOptions) => Promise<Watched> {
  let browser: Browser;
  test.before(async () => {
    const { executablePath, env } = await ensureChromium();
    // Its sandbox needs rights that containers lack, and only our own pages are opened.
    const args = ['--no-sandbox', '--disable-dev-shm-usage'];
    browser = await chromium.launch({ executablePath, env: { ...process.env, ...env } as never, args });
  });
  test.after.always(() => browser?.close());
  return async (url, options = {}) => {
    const context = await browser.newContext({ reducedMotion: 'no-preference', ...options });
    const page = await context.newPage();
    const { origin } = new URL(url);
    const watched: Watched = { page, complaints: [], elsewhere: [] };
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) watched.complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => watched.complaints.push(message));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin) watched.elsewhere.push(request.url());
    });
    await page.goto(url);
    return watched;
  };
}

/** What axe finds, as one line each. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as { readonly axe: typeof import('axe-core') };
    const { violations: found } = await run.run();
    return found.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)}`,
    );
  });
}
