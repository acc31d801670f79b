import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MirrorAdmin } from '../../api/mirror/mirror-admin.ts';
import { errors } from '../../domain/errors.ts';
import { until } from '../support/until.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';

const nothing: MirrorAdmin = {
  async *check() {
    yield { type: 'checked', sessions: 0, differences: 0 };
  },
  async *rebuild() {
    yield { type: 'rebuilt', sessions: 0, kept: 0, failed: 0 };
  },
};

test('the mirror’s routes need an admin in token mode, and are in no document', async (t) => {
  const { api, tokens } = await openRealDoors(t, { auth: 'token', mirrorAdmin: nothing });
  const call = async (path: string, token?: string): Promise<number> => {
    const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
    return (await fetch(`${api.restUrl}${path}`, { method: 'POST', headers })).status;
  };
  for (const path of ['/admin/mirror/check', '/admin/mirror/rebuild']) {
    assert.deepEqual([await call(path), await call(path, tokens.bob), await call(path, tokens.ann)], [401, 403, 200]);
  }
  assert.equal((await (await fetch(`${api.restUrl}/openapi.json`)).text()).includes('/admin/mirror'), false);
});

test('a web page cannot start a rebuild in local mode', async (t) => {
  const { api } = await openRealDoors(t, { mirrorAdmin: nothing });
  const headers = { origin: 'https://evil.example' };
  const answer = await fetch(`${api.restUrl}/admin/mirror/rebuild`, { method: 'POST', headers });
  assert.equal(answer.status, 403);
});

test('a failure before the first step is an error with its status, one behind it is the last line', async (t) => {
  const admin: MirrorAdmin = {
    async *check(): AsyncGenerator<never> {
      throw errors.unavailable('Temporal');
    },
    async *rebuild() {
      yield { type: 'progress', done: 1, total: 2 };
      throw errors.unavailable('The gateway');
    },
  };
  const { api } = await openRealDoors(t, { mirrorAdmin: admin });
  const check = await fetch(`${api.restUrl}/admin/mirror/check`, { method: 'POST' });
  assert.deepEqual([check.status, ((await check.json()) as { code: string }).code], [503, 'UNAVAILABLE']);
  const rebuild = await fetch(`${api.restUrl}/admin/mirror/rebuild`, { method: 'POST' });
  const [first, last, ...rest] = (await rebuild.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  assert.deepEqual(first, { type: 'progress', done: 1, total: 2 });
  assert.deepEqual([(last as { type: string }).type, rest], ['error', []]);
});

test('who hangs up ends the work', async (t) => {
  let ended = false;
  const admin: MirrorAdmin = {
    ...nothing,
    async *rebuild(signal) {
      yield { type: 'progress', done: 0, total: 2 };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended = true;
    },
  };
  const { api } = await openRealDoors(t, { mirrorAdmin: admin });
  const stop = new AbortController();
  const answer = await fetch(`${api.restUrl}/admin/mirror/rebuild`, { method: 'POST', signal: stop.signal });
  assert.equal(answer.status, 200);
  stop.abort();
  await until('the rebuild has ended', () => ended);
});
