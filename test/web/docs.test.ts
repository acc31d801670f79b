import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDoors } from '../support/api/open-doors.ts';
import { findBrowser, openTab, startBrowser } from './support/browser.ts';

const browserPath = findBrowser();
const skip = browserPath === null ? 'no browser: apt-get install chromium' : false;

test('the API reference makes a call at 390 px, in both themes, without a request to elsewhere', { skip }, async () => {
  const doors = await openDoors();
  const browser = await startBrowser(browserPath ?? '');
  try {
    for (const theme of ['light', 'dark'] as const) {
      const tab = await openTab(browser, doors.api.restUrl, { size: 'phone', theme });
      const { page, problems } = tab;
      await page.goto('/docs');
      const operation = page.locator('[id$="-version"]');
      await operation.locator('.opblock-summary').click();
      await operation.getByRole('button', { name: 'Execute' }).click();
      await operation.locator('.live-responses-table').getByText('0.0.0-test').first().waitFor();
      const seen = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - innerWidth,
        dark: getComputedStyle(document.body).backgroundColor === 'rgb(28, 32, 34)',
      }));
      assert.deepEqual(seen, { wide: 0, dark: theme === 'dark' });
      assert.deepEqual(problems, []);
      await tab.close();
    }
  } finally {
    await browser.close();
    await doors.api.close();
  }
});
