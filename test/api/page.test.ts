import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { Logins } from '../../db/people/logins.ts';
import { callRest } from '../support/api/call-rest.ts';
import { readEvents } from '../support/api/event-stream-client.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';
import type { RealDoors } from '../support/api/open-real-doors.ts';
import { openTestDb } from '../support/open-test-db.ts';
import { makeUserService } from '../../db/people/users.ts';

type Headers = Record<string, string>;

/** The doors with a page of two files, and a browser's own headers. */
async function openPage(
  t: TestContext,
  auth: 'local' | 'token' = 'token',
): Promise<RealDoors & { logins: Logins; own: Headers; url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'xswarm-page-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(folder, 'assets', 'main-1.js'), 'export {};'.repeat(100));
  const db = openTestDb(t);
  const users = makeUserService(db);
  users.add({ id: 'ann', admin: true });
  users.add({ id: 'bob' });
  const logins = new Logins(db, users);
  const limits = { heartbeatMs: 50 };
  const doors = await openRealDoors(t, { auth, limits, page: { logins, folder, secure: false, workflowsUrl: null } });
  const url = doors.api.restUrl;
  const own = { origin: url, 'sec-fetch-site': 'same-origin', 'x-xswarm': '1' };
  return { ...doors, logins, own, url };
}

async function cookieOf(page: { logins: Logins; own: Headers; url: string }, user: string): Promise<string> {
  const { code } = page.logins.createCode(user);
  const { headers } = await callRest('POST', `${page.url}/auth/login`, { code }, page.own);
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

test('a code is turned into one cookie that no script and no other site receives', async (t) => {
  const page = await openPage(t);
  const { code } = page.logins.createCode('bob');
  const first = await callRest('POST', `${page.url}/auth/login`, { code }, page.own);
  const again = await callRest('POST', `${page.url}/auth/login`, { code }, page.own);
  assert.match(first.headers['set-cookie']?.[0] ?? '', /^xswarm=[^;]+;.*Path=\/;.*HttpOnly; SameSite=Strict$/);
  assert.deepEqual([first.status, again.status, again.body['code']], [200, 401, 'UNAUTHENTICATED']);
});

for (const [what, change] of [
  ['another port', { origin: 'http://127.0.0.1:3000' }],
  ['no origin', { origin: undefined }],
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['another port of this host', { 'sec-fetch-site': 'same-site' }],
  ['a form', { 'x-xswarm': undefined }],
] as const) {
  test(`a write with the cookie from ${what} is refused`, async (t) => {
    const page = await openPage(t);
    const cookie = await cookieOf(page, 'bob');
    const headers = Object.entries({ ...page.own, cookie, ...change }).filter(([, value]) => value !== undefined);
    const answer = await callRest(
      'DELETE',
      `${page.base}/sessions/any`,
      undefined,
      Object.fromEntries(headers) as Headers,
    );
    assert.deepEqual([answer.status, answer.body['code']], [403, 'FORBIDDEN']);
    const own = await callRest('DELETE', `${page.base}/sessions/any`, undefined, { ...page.own, cookie });
    assert.equal(own.status, 404);
  });
}

test('a login ends by itself, by its user, and with the token that it was made of', async (t) => {
  const page = await openPage(t);
  const cookie = await cookieOf(page, 'bob');
  const me = async (): Promise<number> => (await callRest('GET', `${page.url}/auth/me`, undefined, { cookie })).status;
  assert.equal(await me(), 200);
  const { body } = await callRest('GET', `${page.url}/auth/sessions`, undefined, { cookie });
  const [login] = body['sessions'] as { id: string; current: boolean }[];
  assert.equal(login?.current, true);
  const path = `${page.url}/auth/sessions/${login?.id}`;
  const stranger = await cookieOf(page, 'ann');
  await callRest('DELETE', path, undefined, { ...page.own, cookie: stranger });
  assert.equal(await me(), 200, 'another user cannot end it');
  await callRest('DELETE', path, undefined, { ...page.own, cookie });
  assert.equal(await me(), 401);
});

test('an event stream ends with its login', async (t) => {
  const page = await openPage(t);
  const cookie = await cookieOf(page, 'bob');
  const stream = await readEvents(`${page.base}/events`, { cookie });
  await stream.until((events) => events.length > 0);
  page.logins.endOthers('bob', null);
  await assert.rejects(stream.ended);
});

test('logins and codes are too old in time', (t) => {
  const db = openTestDb(t);
  const users = makeUserService(db);
  users.add({ id: 'bob' });
  const { info, secret: token } = users.createToken('bob');
  let now = Date.UTC(2026, 0, 1);
  const logins = new Logins(db, users, () => now);
  const late = logins.createCode('bob').code;
  now += 60_000;
  assert.equal(logins.logIn({ code: late }, 'a'), null);
  const used = logins.logIn({ token }, 'a')?.secret ?? '';
  const unused = logins.logIn({ token }, 'b')?.secret ?? '';
  for (let day = 0; day < 29; day += 1) {
    now += 86_400_000;
    assert.notEqual(logins.authenticate(used), null, `day ${day}`);
    if (day === 7) assert.equal(logins.authenticate(unused), null);
  }
  now += 86_400_000;
  assert.equal(logins.authenticate(used), null);
  const last = logins.logIn({ token }, 'c')?.secret ?? '';
  users.revokeToken(info.id);
  assert.equal(logins.authenticate(last), null);
});

test('the eleventh login in a minute waits', async (t) => {
  const page = await openPage(t);
  const answers: number[] = [];
  for (let count = 0; count < 11; count += 1) {
    answers.push((await callRest('POST', `${page.url}/auth/login`, { code: 'guess' }, page.own)).status);
  }
  assert.deepEqual([answers[9], answers[10]], [401, 429]);
});

test('the page has its own policy, and the API keeps the one that forbids everything', async (t) => {
  const page = await openPage(t, 'local');
  const index = await callRest('GET', `${page.url}/sessions/s-1`);
  const script = await callRest('GET', `${page.url}/assets/main-1.js`, undefined, { 'accept-encoding': 'gzip' });
  const api = await callRest('GET', `${page.base}/sessions`);
  assert.match(index.headers['content-security-policy'] as string, /require-trusted-types-for 'script'/);
  assert.equal(index.headers['x-content-type-options'], 'nosniff');
  assert.deepEqual(
    [script.headers['content-encoding'], script.headers['cache-control']],
    ['gzip', 'public, max-age=31536000, immutable'],
  );
  assert.equal(api.headers['content-security-policy'], "default-src 'none';frame-ancestors 'none'");
  assert.equal((await callRest('GET', `${page.url}/assets/../../package.json`)).status, 404);
});

test('a link from another site opens the page in local mode, and a frame of another site does not', async (t) => {
  const page = await openPage(t, 'local');
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const open = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await callRest('GET', `${page.url}${path}`, undefined, headers)).status;
  assert.equal(await open('/sessions/s-1', link), 200);
  assert.equal(await open('/sessions/s-1', { ...link, 'sec-fetch-dest': 'iframe' }), 403);
  assert.equal(await open('/api/claude-code/sessions', link), 403);
});

test('in local mode the page needs no login, under its own host name too', async (t) => {
  const page = await openPage(t, 'local');
  const host = `xswarm.localhost:${new URL(page.url).port}`;
  const { status, body } = await callRest('GET', `${page.url}/auth/me`, undefined, { host });
  assert.deepEqual([status, body['mode'], body['user_id']], [200, 'local', null]);
});
