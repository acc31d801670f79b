import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { callRest } from '../support/api/call-rest.ts';
import type { RestAnswer } from '../support/api/call-rest.ts';
import { SERVICES, openContractDoors } from '../support/api/contract-doors.ts';
import type { ContractDoors } from '../support/api/contract-doors.ts';
import { until } from '../support/until.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
for (const service of SERVICES) {
  describe(service, () => {
    let doors: ContractDoors;
    before(async () => void (doors = await openContractDoors(service)));
    after(async () => await doors.close());

    const call = (
      method: string,
      path: string,
      body?: unknown,
      headers?: Record<string, string>,
    ): Promise<RestAnswer> => callRest(method, `${doors.base}${path}`, body, headers);
    const newSession = async (user = 'alice'): Promise<string> =>
      String((await call('POST', '/sessions', { user_id: user, project_path: doors.project })).body['session_id']);

    test('POST /sessions answers 201 with the words of the guide and a Location', async () => {
      const { status, headers, body } = await call('POST', '/sessions', {
        user_id: 'alice',
        project_path: doors.project,
      });
      assert.equal(status, 201);
      assert.match(String(body['session_id']), UUID);
      assert.match(String(body['timestamp']), TIME);
      const { session_id, timestamp: _, ...rest } = body;
      assert.deepEqual(rest, { status: 'connected', user_id: 'alice', project_path: doors.project });
      assert.equal(headers.location, `/api/claude-code/sessions/${String(session_id)}`);
    });

    test('POST /sessions twice with the same id, owner and project gives the same session', async () => {
      const wish = { session_id: 'mine:1', user_id: 'alice', project_path: doors.project, title: null, options: null };
      const answers = [await call('POST', '/sessions', wish), await call('POST', '/sessions', wish)];
      assert.deepEqual(
        answers.map(({ status, body }) => [status, body['session_id']]),
        [
          [201, 'mine:1'],
          [201, 'mine:1'],
        ],
      );
    });

    test('GET /sessions pages through the sessions of a user', async () => {
      const ids = [await newSession('bob'), await newSession('bob'), await newSession('bob')];
      const first = await call('GET', '/sessions?user_id=bob&limit=2');
      const second = await call('GET', `/sessions?user_id=bob&limit=2&cursor=${String(first.body['next_cursor'])}`);
      const seen = [first, second].flatMap(({ body }) => (body['sessions'] as { id: string }[]).map(({ id }) => id));
      assert.deepEqual(seen, ids.reverse());
      assert.equal(second.body['next_cursor'], null);
      assert.deepEqual(
        (await call('GET', '/users/bob/sessions')).body['sessions'],
        (await call('GET', '/sessions?user_id=bob')).body['sessions'],
      );
    });

    test('GET /sessions/:id answers the session', async () => {
      const id = await newSession();
      const { status, body } = await call('GET', `/sessions/${id}`);
      assert.equal(status, 200);
      assert.deepEqual([body['id'], body['status'], body['is_active'], body['cost_usd']], [id, 'active', true, 0]);
    });

    test('POST messages waits for the answer and tells its cost', async () => {
      const id = await newSession();
      const { status, body } = await call('POST', `/sessions/${id}/messages`, {
        message: 'Check git status',
        context: { source: 'sms' },
      });
      assert.equal(status, 200);
      assert.match(String(body['message_id']), UUID);
      assert.match(String(body['timestamp']), TIME);
      assert.deepEqual([body['content'], body['cost_usd']], ['You said: Check git status', 0.0005]);
    });

    test('POST messages with respond-async answers 202 and the url tells the outcome later', async () => {
      const id = await newSession();
      const accepted = await call(
        'POST',
        `/sessions/${id}/messages`,
        { message: 'slow 50' },
        { prefer: 'respond-async' },
      );
      const { message_id, status, url } = accepted.body;
      assert.deepEqual(
        [accepted.status, status, accepted.headers['preference-applied']],
        [202, 'queued', 'respond-async'],
      );
      assert.equal(url, `/api/claude-code/sessions/${id}/messages/${String(message_id)}`);
      assert.equal(accepted.headers.location, url);
      await call('POST', `/sessions/${id}/messages`, { message: 'slow 100' });
      const later = await callRest('GET', `${doors.api.restUrl}${String(url)}`);
      assert.deepEqual([later.status, later.body['status'], later.body['content']], [200, 'done', 'You said: slow 50']);
    });

    test('POST messages with wait=0 and a turn that goes on answers 202', async () => {
      const id = await newSession();
      const { status, headers } = await call(
        'POST',
        `/sessions/${id}/messages`,
        { message: 'never' },
        { prefer: 'wait=0' },
      );
      assert.deepEqual([status, headers['preference-applied']], [202, 'wait=0']);
    });

    test('POST messages with wait=1 answers 202 after one second', async () => {
      const id = await newSession();
      const started = performance.now();
      const { status } = await call('POST', `/sessions/${id}/messages`, { message: 'never' }, { prefer: 'wait=1' });
      assert.equal(status, 202);
      assert.ok(performance.now() - started >= 950);
    });

    test('a caller that hangs up ends only the wait', async () => {
      const id = await newSession();
      const before = doors.turns();
      const hangUp = new AbortController();
      const options = {
        method: 'POST',
        body: '{"message":"slow 200"}',
        headers: { 'content-type': 'application/json' },
      };
      const answer = fetch(`${doors.base}/sessions/${id}/messages`, { ...options, signal: hangUp.signal });
      await until('the message is accepted', async () => {
        const { body } = await call('GET', `/sessions/${id}/messages`);
        return (body['messages'] as unknown[]).length > 0;
      });
      hangUp.abort();
      await assert.rejects(answer);
      await until('the turn is over', () => doors.turns() === before + 1);
    });

    test('an Idempotency-Key is one message for ever', async () => {
      const id = await newSession();
      const before = doors.turns();
      const send = (message: string): Promise<RestAnswer> =>
        call('POST', `/sessions/${id}/messages`, { message }, { 'idempotency-key': 'key-1' });
      const [first, again, other] = [await send('once'), await send('once'), await send('twice')];
      assert.deepEqual(again.body, first.body);
      assert.equal(doors.turns(), before + 1);
      assert.deepEqual([other.status, other.body['code']], [409, 'IDEMPOTENCY_MISMATCH']);
    });

    test('GET messages tells both directions under the words of the contract', async () => {
      const id = await newSession();
      const { body } = await call('POST', `/sessions/${id}/messages`, { message: 'hello', context: { a: 1 } });
      const page = await call('GET', `/sessions/${id}/messages`);
      const rows = page.body['messages'] as Record<string, unknown>[];
      assert.deepEqual(
        rows.map((row) => [row['direction'], row['content'], row['context'], row['message_id'] ?? null]),
        [
          ['to_claude', 'hello', { a: 1 }, null],
          ['from_claude', 'You said: hello', null, body['message_id']],
        ],
      );
      const newestFirst = await call('GET', `/sessions/${id}/messages?order=desc&limit=1`);
      assert.equal((newestFirst.body['messages'] as { content: string }[])[0]?.content, 'You said: hello');
    });

    test('GET cost answers the words of the guide', async () => {
      const id = await newSession();
      await call('POST', `/sessions/${id}/messages`, { message: 'one' });
      const { status, body } = await call('GET', `/sessions/${id}/cost`);
      assert.equal(status, 200);
      const { duration_seconds, ...rest } = body;
      assert.equal(Number.isInteger(duration_seconds), true);
      assert.deepEqual(rest, { session_id: id, cost_usd: 0.0005, message_count: 1, status: 'active' });
    });

    test('GET /users/:id/cost and /cost answer their sums', async () => {
      const user = await call('GET', '/users/root/cost?since=2024-01-15&group_by=day');
      assert.deepEqual(user.body, { user_id: 'root', cost_usd: 0, session_count: 0, message_count: 0, groups: [] });
      const all = await call('GET', '/cost?until=2099-01-01T00:00:00%2B02:00');
      assert.ok(Number(all.body['session_count']) > 0);
    });

    test('POST interrupt says whether something was running', async () => {
      const id = await newSession();
      const { status, body } = await call('POST', `/sessions/${id}/interrupt`);
      assert.deepEqual([status, body], [200, { session_id: id, interrupted: false }]);
    });

    test('DELETE tells the first reason, however often', async () => {
      const id = await newSession();
      const first = await call('DELETE', `/sessions/${id}`);
      const again = await call('DELETE', `/sessions/${id}`, { reason: 'another' });
      assert.deepEqual([first.status, first.body['session_id'], first.body['reason']], [200, id, 'User requested']);
      assert.deepEqual([again.status, again.body], [200, first.body]);
    });

    test('DELETE takes a reason in the body or in the query', async () => {
      const [one, two] = [await newSession(), await newSession()];
      assert.equal((await call('DELETE', `/sessions/${one}`, { reason: 'Done here' })).body['reason'], 'Done here');
      assert.equal((await call('DELETE', `/sessions/${two}?reason=Bye`)).body['reason'], 'Bye');
    });

    test('POST cleanup answers a number', async () => {
      assert.deepEqual((await call('POST', '/sessions/cleanup')).body, { cleaned: 0 });
    });

    test('POST /route-conversation answers who takes it', async () => {
      const { status, body } = await call('POST', '/route-conversation', {
        from: 'alice',
        message: 'hello',
        channel: 'id',
      });
      assert.deepEqual([status, body['routed'], body['action']], [200, false, 'handled_by_assistant']);
    });

    test('GET /search finds messages', async () => {
      const id = await newSession();
      await call('POST', `/sessions/${id}/messages`, { message: 'a needle in here' });
      const { body } = await call('GET', '/search?q=needle');
      assert.equal((body['messages'] as unknown[]).length, 2);
    });

    test('GET export streams the session as JSON lines and as Markdown', async () => {
      const id = await newSession();
      for (let n = 0; n < 205; n += 1) await call('POST', `/sessions/${id}/messages`, { message: `number ${n}` });
      const lines = (await call('GET', `/sessions/${id}/export`)).text.trimEnd().split('\n');
      const parsed = lines.map((line) => JSON.parse(line) as { type: string; content?: string });
      assert.deepEqual(
        [parsed.length, parsed[0]?.type, parsed.at(-1)?.content],
        [411, 'session', 'You said: number 204'],
      );
      const markdown = await call('GET', `/sessions/${id}/export?format=md`);
      assert.match(markdown.headers['content-type'] ?? '', /^text\/markdown/);
      assert.match(markdown.text, /## Claude · .* · \$0\.0005\n\nYou said: number 204\n/);
    });

    test('health, version and readiness stand without the prefix', async () => {
      const get = (path: string): Promise<RestAnswer> => callRest('GET', `${doors.api.restUrl}${path}`);
      assert.equal((await get('/health')).body['status'], 'ok');
      assert.equal((await get('/version')).body['version'], '0.0.0-test');
      assert.deepEqual((await get('/ready')).body, { status: 'ready' });
      doors.setTemporalAway(true);
      const away = await get('/ready');
      doors.setTemporalAway(false);
      assert.deepEqual(
        [away.status, away.body['message'], away.headers['retry-after']],
        [503, 'Temporal cannot be reached', '2'],
      );
    });

    test('the API reference comes from this server alone, each file under the policy of the page', async () => {
      const page = await callRest('GET', `${doors.api.restUrl}/docs`);
      assert.equal(page.status, 200);
      assert.match(String(page.headers['content-security-policy']), /default-src 'none';script-src 'self'/);
      assert.doesNotMatch(page.text, /https?:\/\//);
      for (const [, file] of page.text.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)) {
        const { status, headers } = await callRest('GET', `${doors.api.restUrl}${file}`);
        assert.deepEqual([status, headers['x-content-type-options']], [200, 'nosniff']);
        assert.match(String(headers['content-type']), file?.endsWith('.css') === true ? /^text\/css/ : /javascript/);
      }
      assert.equal((await callRest('GET', `${doors.api.restUrl}/docs/package.json`)).status, 404);
    });
  });
}
