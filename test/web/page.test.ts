import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import BetterSqlite3 from 'better-sqlite3';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startTcpProxy } from '../faults/tcp-proxy.ts';
import type { TcpProxy } from '../faults/tcp-proxy.ts';
import { callRest } from '../support/api/call-rest.ts';
import { makeSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { until } from '../support/until.ts';
import { findBrowser, openTab, SIZES, startBrowser } from './support/browser.ts';
import type { Tab } from './support/browser.ts';

const browserPath = findBrowser();
const skip = browserPath === null ? 'no browser: apt-get install chromium' : false;
const built = fileURLToPath(new URL('../../dist/web', import.meta.url));

/** Every file that a browser loads for a view, by the imports of the built files. */
function kilobytes(entry: RegExp, kind: 'js' | 'css'): number {
  const folder = join(built, 'assets');
  const names = readdirSync(folder);
  const wanted = new Set<string>();
  const add = (name: string): void => {
    if (wanted.has(name)) return;
    wanted.add(name);
    const text = readFileSync(join(folder, name), 'utf8');
    for (const [, next] of text.matchAll(/from\s*"\.\/([^"]+\.js)"/g)) add(next as string);
  };
  for (const name of names) if (name.endsWith('.js') && entry.test(name)) add(name);
  const files = kind === 'js' ? [...wanted] : names.filter((name) => name.endsWith('.css'));
  return files.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0) / 1024;
}

test('the page stays within its sizes', () => {
  assert.ok(kilobytes(/^index-/, 'js') <= 120, `sessions: ${kilobytes(/^index-/, 'js')} KB`);
  assert.ok(
    kilobytes(/^(index|session-view)-/, 'js') <= 200,
    `session: ${kilobytes(/^(index|session-view)-/, 'js')} KB`,
  );
  const costs = kilobytes(/^(index|costs-view)-/, 'js') - kilobytes(/^index-/, 'js');
  assert.ok(costs <= 30, `costs: ${costs} KB`);
  assert.ok(kilobytes(/^index-/, 'css') <= 15, `CSS: ${kilobytes(/^index-/, 'css')} KB`);
});

describe('the page in a browser, on the real server', { skip }, () => {
  let system: System;
  let browser: Browser;
  let proxy: TcpProxy;
  let origin: string;
  let token: string;
  const tabs: Tab[] = [];

  const rest = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> =>
    (await system.rest(method, path, body, { authorization: `Bearer ${token}` })).body;
  const code = async (): Promise<string> => {
    const { url } = JSON.parse((await system.cli('dashboard', '--json')).stdout) as { url: string };
    return new URL(url).hash;
  };
  const begin = async (id: string, ...messages: string[]): Promise<void> => {
    await rest('POST', '/sessions', { user_id: 'root', project_path: system.project, session_id: id, title: id });
    for (const message of messages) await rest('POST', `/sessions/${id}/messages`, { message });
  };
  const history = async (id: string): Promise<{ direction: string; content: string }[]> =>
    (await rest('GET', `/sessions/${id}/messages`)).messages as { direction: string; content: string }[];
  async function open(options: Parameters<typeof openTab>[2] = {}): Promise<Tab> {
    const tab = await openTab(browser, origin, options);
    tabs.push(tab);
    return tab;
  }
  async function openLoggedIn(path: string, options: Parameters<typeof openTab>[2] = {}): Promise<Tab> {
    const tab = await open(options);
    await tab.page.goto(path + (await code()));
    await tab.page.getByRole('navigation', { name: 'Places' }).first().waitFor();
    return tab;
  }
  const closeAll = async (): Promise<void> => {
    const problems = tabs.flatMap((tab) => tab.problems);
    for (const tab of tabs.splice(0)) await tab.close();
    assert.deepEqual(problems, []);
  };
  const send = async (page: Page, text: string): Promise<void> => {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByRole('button', { name: /^(Send|Queue)$/ }).click();
  };

  before(async () => {
    system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator', XSWARM_SERVER_AUTH: 'token' } });
    system.env['XSWARM_CLAUDE_CODE_PROJECT_ROOTS'] = system.project;
    system.env['XSWARM_CLAUDE_CODE_MAX_SESSIONS'] = '50';
    system.env['XSWARM_CLAUDE_CODE_MAX_SESSIONS_PER_USER'] = '50';
    system.env['XSWARM_USER'] = 'root';
    await system.cli('user', 'add', 'root', '--admin');
    token = (JSON.parse((await system.cli('token', 'create', 'root', '--json')).stdout) as { token: string }).token;
    await system.start();
    proxy = await startTcpProxy(Number(new URL(system.restUrl).port));
    origin = `http://xswarm.localhost:${proxy.port}`;
    browser = await startBrowser(browserPath ?? '');
  });

  after(async () => {
    await browser?.close();
    await proxy?.close();
    await system?.remove();
  });

  test('a code logs in once, and the address that was asked for is shown after it', async () => {
    await begin('deep', 'hello');
    const link = await code();
    const first = await open();
    await first.page.goto(`/sessions/deep${link}`);
    await first.page.getByRole('heading', { name: 'deep' }).waitFor();
    assert.equal(new URL(first.page.url()).hash, '');
    const second = await open({ expected: /^401 \/auth\/(login|me)$/ });
    await second.page.goto(`/sessions/deep${link}`);
    await second.page.getByText('This code was used already or is too old').waitFor();
    await second.page.getByLabel('Or paste an API token').fill(token);
    await second.page.getByRole('button', { name: 'Log in' }).click();
    await second.page.getByRole('heading', { name: 'deep' }).waitFor();
    const kept = await second.page.evaluate(() => JSON.stringify([{ ...localStorage }, document.cookie]));
    assert.ok(!kept.includes('xsw_') && !kept.includes('xswarm='), kept);
    await closeAll();
  });

  test('a device that was ended is out', async () => {
    const laptop = await openLoggedIn('/settings');
    const phone = await openLoggedIn('/settings', { size: 'phone', expected: /^401 / });
    await laptop.page.reload();
    await laptop.page.getByRole('button', { name: 'End all others' }).click();
    await laptop.page.getByRole('button', { name: 'End all others' }).waitFor({ state: 'hidden' });
    await phone.page.reload();
    await phone.page.getByLabel('Or paste an API token').waitFor();
    await closeAll();
  });

  test('a new session answers its first message, and the text equals the mirror', async () => {
    const { page } = await openLoggedIn('/new');
    await page.getByLabel('Project folder').fill(system.project);
    await page.getByLabel('First message').fill('Say **hello** to <b>everyone</b>');
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.locator('[data-kind=result]').waitFor();
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const db = new BetterSqlite3(join(system.home, 'xswarm.db'), { readonly: true });
    const said = db
      .prepare('SELECT message FROM claude_code_messages WHERE session_id = ? AND direction = ?')
      .pluck()
      .get(id, 'to_claude');
    db.close();
    assert.equal(await page.locator('[data-kind=prompt] > div').first().textContent(), said);
    assert.equal(await page.locator('[data-kind=answer] strong').textContent(), 'hello');
    assert.equal(await page.locator('[data-kind=answer] b').count(), 0);
    await closeAll();
  });

  test('a message whose answer was cut, on a page that was reloaded, is one message', async () => {
    await begin('cut');
    const { page } = await openLoggedIn('/sessions/cut');
    const taken: number[] = [];
    await page.route('**/sessions/cut/messages', async (route) => {
      if (taken.length >= 2) return await route.continue();
      const request = route.request();
      const { host } = new URL(request.url());
      // The browser adds this one when the request leaves, which it does not here.
      const headers = { ...(await request.allHeaders()), host, 'sec-fetch-site': 'same-origin' };
      const path = new URL(request.url()).pathname;
      taken.push((await callRest('POST', system.restUrl + path, request.postData() ?? '', headers)).status);
      await route.abort();
    });
    await send(page, 'only once');
    await until('the server took it and the answer was cut', () => taken.length >= 1);
    await page.reload();
    await page.locator('[data-kind=result]').waitFor();
    await page.getByText('Sending…').waitFor({ state: 'hidden' });
    const sent = (await history('cut')).filter(({ direction }) => direction === 'to_claude');
    assert.deepEqual(taken, [202, 202]);
    assert.deepEqual([sent.length, await page.locator('[data-kind=prompt]').count()], [1, 1]);
    await closeAll();
  });

  test('while the server is away the page says so after 3 s, keeps the draft, and catches up by itself', async () => {
    await begin('away', 'before');
    const { page } = await openLoggedIn('/sessions/away');
    await page.locator('[data-kind=result]').waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByLabel('Message', { exact: true }).fill('a draft');
    await proxy.down();
    await page.getByText('Offline since').waitFor();
    await rest('POST', '/sessions/away/messages', { message: 'meanwhile' });
    await proxy.up();
    await page.getByText('meanwhile', { exact: true }).first().waitFor({ timeout: 40_000 });
    await page.getByText('Offline since').waitFor({ state: 'hidden' });
    assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), 'a draft');
    await page.reload();
    assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), 'a draft');
    await closeAll();
  });

  test('a view whose code does not arrive is fetched again', async () => {
    await begin('fetched', 'hello');
    const tab = await open();
    let aborted = 0;
    await tab.page.route('**/assets/session-view-*.js', async (route) => {
      aborted += 1;
      await (aborted <= 2 ? route.abort() : route.continue());
    });
    await tab.page.goto('/sessions/fetched' + (await code()));
    await tab.page.locator('[data-kind=result]').waitFor();
    assert.ok(aborted > 2, `${aborted} requests`);
    await closeAll();
  });

  test('a session whose calls are cut while it opens is read again until it is there', async () => {
    await begin('opened', 'hello');
    const tab = await open();
    const cut = { session: 0, events: 0 };
    await tab.page.route('**/sessions/opened', async (route) => {
      if (route.request().resourceType() === 'document') return await route.continue();
      cut.session += 1;
      await (cut.session <= 4 ? route.abort() : route.continue());
    });
    await tab.page.route('**/sessions/opened/events?*', async (route) => {
      cut.events += 1;
      await (cut.events <= 3 ? route.abort() : route.continue());
    });
    await tab.page.goto('/sessions/opened' + (await code()));
    await tab.page.locator('[data-kind=result]').waitFor();
    assert.ok(cut.session > 4 && cut.events > 3, JSON.stringify(cut));
    await closeAll();
  });

  test('cuts at any time leave the transcript as a fresh load shows it', async () => {
    await begin('cuts');
    const { page } = await openLoggedIn('/sessions/cuts');
    for (let turn = 0; turn < 12; turn += 1) {
      const asked = rest('POST', '/sessions/cuts/messages', { message: `[stream 2ms] turn ${turn} of a long answer` });
      proxy.cut();
      await asked;
    }
    const shown = async (): Promise<string> => {
      const log = page.getByRole('log');
      const end = async (): Promise<string | null> => {
        const text = (await log.innerText()).replaceAll(/\s+/g, ' ').slice(-600);
        return /answer to: "\[stream 2ms\] turn 11 of a long answer" \$[\d.]+ .*simulated/.test(text) ? text : null;
      };
      return await until('the last turn is shown with its result', end, { limitMs: 40_000 });
    };
    const before = await shown();
    await page.reload();
    assert.equal(before, await shown());
    await closeAll();
  });

  test('tabs of one browser share one stream, and the next one takes over', async () => {
    await begin('shared');
    const context: BrowserContext = await browser.newContext({ ...SIZES.laptop, baseURL: origin });
    const streams = new Set<string>();
    context.on('request', (request) => {
      if (request.url().includes('/api/claude-code/events')) streams.add(request.frame().page().url());
    });
    const first = await open({ context });
    await first.page.goto(`/sessions/shared${await code()}`);
    await first.page.getByText('live', { exact: true }).waitFor();
    const others = [];
    for (let tab = 0; tab < 3; tab += 1) {
      const other = await open({ context });
      await other.page.goto('/sessions/shared?tab=' + tab);
      await other.page.getByText('live', { exact: true }).waitFor();
      others.push(other);
    }
    assert.equal(streams.size, 1);
    await rest('POST', '/sessions/shared/messages', { message: 'to all tabs' });
    for (const { page } of others) await page.locator('[data-kind=result]').waitFor();
    await first.page.close();
    await rest('POST', '/sessions/shared/messages', { message: 'to those that are left' });
    for (const { page } of others) await page.locator('[data-kind=result]').nth(1).waitFor();
    await closeAll();
    await context.close();
  });

  test('what Claude asks is docked above the message, answered there or in the inbox, once', async () => {
    await begin('asks');
    const { page } = await openLoggedIn('/sessions/asks');
    await send(page, '[ask Bash npm test] go on');
    const asking = page.getByRole('region', { name: 'Waits for you' });
    await asking.getByText('Bash npm test').waitFor();
    await page.getByLabel('Message', { exact: true }).press('Enter');
    assert.equal(await asking.isVisible(), true, 'Enter decides nothing');
    await asking.getByRole('button', { name: 'Allow once' }).click();
    await page.locator('[data-kind=result]').waitFor();
    await asking.waitFor({ state: 'hidden' });
    await send(page, '[question Which colour? | Red | Blue] choose');
    await asking.getByText('Which colour?').waitFor();
    await page.goto('/inbox');
    await asking.getByRole('button', { name: 'Blue' }).click();
    await asking.getByRole('button', { name: 'Answer' }).click();
    await page.getByText('Nothing waits for you.').waitFor();
    const { interactions } = await rest('GET', '/inbox?status=answered&session_id=asks');
    assert.deepEqual(
      (interactions as { answer: unknown; answered_by: string; answered_via: string }[]).map((one) => [
        one.answer,
        one.answered_by,
        one.answered_via,
      ]),
      [
        [{ decision: 'allow' }, 'root', 'web'],
        [{ answers: { 'Which colour?': 'Blue' } }, 'root', 'web'],
      ],
    );
    await closeAll();
  });

  test('Stop ends a turn that hangs', async () => {
    await begin('stop');
    const { page } = await openLoggedIn('/sessions/stop');
    await send(page, '[hang] for ever');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.locator('[data-kind=result][data-outcome=failed]').waitFor();
    await closeAll();
  });

  test('hostile text is inert everywhere', async () => {
    const hostile = [
      '<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>',
      '[a](javascript:alert(4)) [b](java&#x09;script:alert(5)) [c](data:text/html,<script>alert(6)</script>) [d](JaVaScRiPt:alert(7))',
      '![tracker](https://example.invalid/pixel.png) <https://example.invalid/a> ![x](data:image/svg+xml,<svg onload=alert(8)>)',
      '\u202Eevil\u202C \u001b]8;;javascript:alert(9)\u0007link\u001b]8;;\u0007 \u001b[31mred',
      '> '.repeat(10_000),
      '['.repeat(20_000),
      '# '.repeat(50) + '`'.repeat(999),
    ];
    await begin(
      'hostile',
      ...hostile,
      `[tool <img/src=x/onerror=alert(1)> <script>alert(2)</script>] [deny <b>x</b> <svg/onload=alert(3)>]`,
    );
    await begin('<b>'.replaceAll(/[<>]/g, '_'), '[fail <img src=x onerror=alert(1)>] fail');
    const { page } = await openLoggedIn('/sessions/hostile');
    const log = page.getByRole('log');
    await log.getByText('onerror').first().waitFor();
    for (let step = 0; step < 20; step += 1) await log.evaluate((element) => element.scrollBy(0, -2000));
    const counts = await page.evaluate(() => ({
      elements: document.querySelectorAll(
        'main script, main iframe, main object, main svg[onload], main img:not([src^="/"])',
      ).length,
      links: [...document.querySelectorAll('main a')].filter(
        (a) => !/^https?:|^mailto:/.test((a as HTMLAnchorElement).href),
      ).length,
    }));
    assert.deepEqual(counts, { elements: 0, links: 0 });
    await page.goto('/search?q=onerror');
    await page.locator('[data-row]').first().waitFor();
    await closeAll();
  });

  test('10,000 events: few elements, nothing jumps while older ones come, and the end is followed', async (t) => {
    const turn = `work ${'[tool Bash ls -la] '.repeat(400)}`;
    await begin('long', ...Array.from({ length: 13 }, () => turn));
    const { page } = await openLoggedIn('/');
    const link = page.getByRole('link', { name: /long/ }).first();
    await link.waitFor();
    const openMs = await page.evaluate(async () => {
      const began = performance.now();
      document.querySelector<HTMLElement>('[data-row][href="/sessions/long"]')?.click();
      while (document.querySelector('[data-kind=result]') === null) await new Promise(requestAnimationFrame);
      return performance.now() - began;
    });
    t.diagnostic(`opens in ${Math.round(openMs)} ms`);
    const scrolled = await page.evaluate(async () => {
      const log = document.querySelector<HTMLElement>('[role=log]');
      if (log === null) throw new Error('no transcript');
      const box = log.getBoundingClientRect();
      const seen = { blank: 0, shift: 0, elements: 0, height: 0 };
      for (let frame = 0; frame < 240; frame += 1) {
        const row =
          document.elementFromPoint(box.left + 100, box.top + box.height / 2)?.closest('[data-index]') ?? null;
        if (row === null) seen.blank += 1;
        const [top, y] = [log.scrollTop, row?.getBoundingClientRect().top ?? 0];
        log.scrollTop -= 120;
        const moved = top - log.scrollTop;
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        if (row?.isConnected === true && moved > 0) {
          seen.shift = Math.max(seen.shift, Math.abs(row.getBoundingClientRect().top - y - moved));
        }
        seen.elements = Math.max(seen.elements, document.querySelectorAll('*').length);
      }
      seen.height = log.scrollHeight;
      return seen;
    });
    assert.ok(scrolled.height > 10_000, 'older pages were read');
    assert.deepEqual(
      [scrolled.blank, scrolled.shift <= 1, scrolled.elements <= 3000],
      [0, true, true],
      JSON.stringify(scrolled),
    );

    const fromEnd = (): Promise<number> =>
      page.getByRole('log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
    const writing = `[stream 2ms] ${'word '.repeat(300)}`;
    const top = await page.getByRole('log').evaluate((log) => log.scrollTop);
    await rest('POST', '/sessions/long/messages', { message: writing });
    assert.equal(await page.getByRole('log').evaluate((log) => log.scrollTop), top, 'what is read stays');
    await page.getByRole('button', { name: /^(To the end|Follow)$/ }).click();
    await until('the end is shown', async () => (await fromEnd()) < 2);
    await rest('POST', '/sessions/long/messages', { message: writing });
    await until('the end is followed', async () => (await fromEnd()) < 2, { limitMs: 2_000 });
    await closeAll();
  });

  test('the keyboard alone opens a session, sends, stops, and goes to the costs', async () => {
    await begin('keys', 'before');
    const { page } = await openLoggedIn('/');
    const row = page.locator('[data-row][href="/sessions/keys"]');
    await row.waitFor();
    await until('the row has the focus', async () => {
      await page.keyboard.press('j');
      return await row.evaluate((element) => element === document.activeElement);
    });
    assert.notEqual(await row.evaluate((element) => getComputedStyle(element).outlineStyle), 'none');
    await page.keyboard.press('Enter');
    const field = page.getByLabel('Message', { exact: true });
    await field.waitFor();
    await until('the field has the focus', async () => {
      await page.keyboard.press('Tab');
      return await field.evaluate((element) => element === document.activeElement);
    });
    await page.keyboard.type('[hang] first');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('second line');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.locator('[data-kind=result][data-outcome=failed]').waitFor();
    assert.equal((await history('keys')).at(-2)?.content, '[hang] first\nsecond line');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('costs');
    assert.equal(await field.inputValue(), '');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Costs' }).waitFor();
    await page.locator('body').press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await closeAll();
  });

  test('on a phone every target is large enough, and Enter is a new line', async () => {
    await begin('phone', '[tool Bash ls] go');
    const { page } = await openLoggedIn('/', { size: 'phone' });
    const small: string[] = [];
    for (const path of ['/', '/sessions/phone', '/costs', '/new', '/settings']) {
      await page.goto(path);
      await page.locator('h1').first().waitFor();
      if (path === '/sessions/phone') await page.locator('[data-kind=result]').waitFor();
      const found = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('button, select, input, textarea, nav a, [data-row]')].flatMap(
          (element) => {
            const { width, height } = element.getBoundingClientRect();
            if (width === 0 || (height >= 43.5 && width >= 43.5)) return [];
            return [
              `${element.tagName} "${element.innerText || element.ariaLabel}" ${Math.round(width)}×${Math.round(height)}`,
            ];
          },
        ),
      );
      small.push(...found.map((text) => `${path} ${text}`));
    }
    assert.deepEqual(small, []);
    await page.goto('/sessions/phone');
    const field = page.getByLabel('Message', { exact: true });
    await field.fill('one');
    await field.press('Enter');
    assert.equal(await field.inputValue(), 'one\n');
    await closeAll();
  });

  test('costs on the page are those of the ledger', async () => {
    await begin('cost', '[cost 1.25] one', '[cost 0.000000001] two');
    const { page } = await openLoggedIn('/costs?period=all');
    const { cost_usd: total } = await rest('GET', '/cost');
    const shown = await page.locator('[title^="$"]').first().getAttribute('title');
    assert.equal(Number(shown?.replace('$', '')), total);
    await closeAll();
  });

  for (const size of ['laptop', 'small'] as const) {
    for (const theme of ['light', 'dark'] as const) {
      test(`axe reports nothing on any view, and nothing scrolls sideways (${size}, ${theme})`, async () => {
        await begin(
          `axe-${size}-${theme}`,
          'A table:\n\n| a | b |\n|-|-|\n| 1 | 2 |\n\n```ts\nlet x = 1;\n```',
          '[tool Bash ls -la] [deny Read x] go',
          '[fail broken] no',
        );
        const { page, context } = await openLoggedIn('/', { size, theme });
        const found: string[] = [];
        for (const path of [
          '/',
          `/sessions/axe-${size}-${theme}`,
          '/inbox',
          '/costs',
          '/new',
          '/search?q=table',
          '/settings',
          '/system',
        ]) {
          await page.goto(path);
          await page.locator('h1').first().waitFor();
          if (path.startsWith('/sessions/')) await page.locator('[data-kind=result]').first().waitFor();
          await page.evaluate(axe.source);
          const violations = await page.evaluate(async () => {
            const { axe: tool } = globalThis as unknown as {
              axe: {
                run(
                  d: Document,
                  o: object,
                ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
              };
            };
            const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
            const { violations: all } = await tool.run(document, { runOnly: { type: 'tag', values: tags } });
            return all.map(
              ({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)} ${nodes[0]?.failureSummary ?? ''}`,
            );
          });
          found.push(...violations.map((text) => `${path} ${text}`));
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (wide > 0) found.push(`${path} is ${wide} px too wide`);
        }
        assert.deepEqual(found, []);
        await closeAll();
        void context;
      });
    }
  }
});
