import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Debian's browser; null where there is none, which is an error with `CI=true`. */
export function findBrowser(): string | null {
  const found = process.env['XSWARM_BROWSER'] ?? PLACES.find((path) => existsSync(path)) ?? null;
  if (found === null && process.env['CI'] === 'true') throw new Error('No browser: apt-get install chromium');
  return found;
}

/** The sizes at which the page is tested. */
export const SIZES = {
  laptop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
  small: { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true },
} as const;

/** A tab that remembers everything which must not happen. */
export interface Tab {
  page: Page;
  context: BrowserContext;
  /** Console errors, uncaught errors, policy reports, requests to elsewhere, and answers of 400 and more. */
  problems: string[];
  close(): Promise<void>;
}

/** Starts the browser; one serves all tests of a file. */
export async function startBrowser(path: string): Promise<Browser> {
  return await chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu'] });
}

/** Opens a tab of a browser profile of its own. `expected`: answers that this test provokes, as `409 /path`. */
export async function openTab(
  browser: Browser,
  origin: string,
  options: { size?: keyof typeof SIZES; theme?: 'light' | 'dark'; expected?: RegExp; context?: BrowserContext } = {},
): Promise<Tab> {
  const { size = 'laptop', theme = 'light', expected = /^$/ } = options;
  const context =
    options.context ??
    (await browser.newContext({ ...SIZES[size], baseURL: origin, colorScheme: theme, reducedMotion: 'reduce' }));
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !/^Failed to load resource/.test(text)) problems.push(`console: ${text}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) problems.push(`foreign request: ${url}`);
    if (url.endsWith('/csp-report')) problems.push(`policy: ${request.postData() ?? ''}`);
  });
  page.on('response', (response) => {
    const what = `${response.status()} ${new URL(response.url()).pathname}`;
    if (response.status() >= 400 && !expected.test(what)) problems.push(what);
  });
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return {
    page,
    context,
    problems,
    close: async () => (options.context === undefined ? await context.close() : await page.close()),
  };
}
