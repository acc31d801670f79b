import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RouteSpec } from '../../api/rest/http/route-spec.ts';
import { ROUTES } from '../../api/rest/routes.ts';
import { errorBody } from '../../api/error-body.ts';
import { COMMANDS } from '../../api/supervisor/frames.ts';
import { callRest } from '../support/api/call-rest.ts';
import { SUPERVISOR_TOKEN } from '../support/api/open-doors.ts';
import { openRealDoors } from '../support/api/open-real-doors.ts';
import { connectSupervisor } from '../support/api/supervisor-client.ts';
import type { Frame } from '../support/api/supervisor-client.ts';
import { until } from '../support/until.ts';

const FRAMES = 10_000;
const CALLS_A_ROUTE = 100;
const limits = { maxSessions: 100_000, maxSessionsPerUser: 100_000, queueDepth: 10 };

/** Values of every field that exists, some right, most not. */
function fieldValue(project: string): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom('s-1', 's-2', 'ann', 'bob', project, 'hello', '2024-01-15', 'wait=0', 'respond-async', '7', 'day'),
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.uuid(),
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      null,
      true,
      -1,
      0,
      1e308,
      Number.MAX_SAFE_INTEGER,
      '',
      '\u0000',
      '../..',
      "'; DROP TABLE x;--",
      '"*"',
      'NEAR(',
      '\ud800',
    ),
  );
}

/** The fields of a command, each mostly right. */
function nearlyRight(project: string): fc.Arbitrary<Record<string, unknown>> {
  const right: Record<string, fc.Arbitrary<unknown>> = {
    session_id: fc.integer({ min: 1, max: 40 }).map((n) => `s-${n}`),
    user_id: fc.constantFrom('ann', 'bob'),
    project_path: fc.constant(project),
    message: fc.string({ minLength: 1 }),
    context: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
    message_id: fc.uuid(),
    after_seq: fc.nat(20),
    reason: fc.string({ minLength: 1, maxLength: 20 }),
  };
  const wild = fieldValue(project);
  const mostly = ([name, arbitrary]: [string, fc.Arbitrary<unknown>]): [string, fc.Arbitrary<unknown>] => [
    name,
    fc.oneof({ weight: 15, arbitrary }, { weight: 1, arbitrary: wild }),
  ];
  const optional = ['context', 'message_id', 'after_seq', 'reason'];
  const requiredKeys = Object.keys(right).filter((name) => !optional.includes(name));
  return fc.record(Object.fromEntries(Object.entries(right).map(mostly)), { requiredKeys });
}

function objectOf(names: string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
}

test('ten thousand random frames at the supervisor socket never crash, hang, or show the inside', async (t) => {
  const doors = await openRealDoors(t, { limits: { maxCommands: 20_000 } }, { limits });
  const client = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
  const wild = fieldValue(doors.project);
  const types = [
    ...Object.keys(COMMANDS).filter((type) => type !== 'auth'),
    'ClaudeCodeConnect',
    '__proto__',
    'toString',
  ];
  const command = fc
    .tuple(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...types) }, { weight: 1, arbitrary: wild }),
      nearlyRight(doors.project),
    )
    .map(([type, fields]) => JSON.stringify({ ...fields, type }));
  const frame = fc.oneof(
    { weight: 17, arbitrary: command },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
  );
  const frames = fc.sample(frame, { numRuns: FRAMES, seed: 42 });
  for (const one of frames.slice(0, FRAMES / 2)) client.send(one);
  // The second half finds sessions that are there.
  await client.next({ type: 'claude_code_connected' });
  for (const one of frames.slice(FRAMES / 2)) client.send(one);
  assert.equal((await client.ask({ type: 'ping' })).type, 'pong');
  const answers = (): Frame[] => client.frames.filter(({ type }) => type !== 'claude_code_event');
  await until('each frame is answered', () => answers().length > FRAMES, {
    limitMs: 60_000,
    seen: () => answers().length,
  });
  const kinds = new Set(
    answers().map((answer) => (answer['code'] === undefined ? answer.type : JSON.stringify(answer['code']))),
  );
  assert.deepEqual([kinds.has('"INTERNAL"'), doors.logged], [false, []]);
  for (const kind of [
    'claude_code_connected',
    'claude_code_response',
    'session_status',
    'subscribed',
    '"SESSION_NOT_ACTIVE"',
  ]) {
    assert.ok(kinds.has(kind), `No ${kind} among ${[...kinds].join(' ')}`);
  }
  await client.close();
});

for (const spec of Object.values<RouteSpec>(ROUTES)) {
  test(`random calls of ${spec.operationId} get no 5xx, and every error has the one shape`, async (t) => {
    const doors = await openRealDoors(t, { limits: { maxWaitMs: 50, defaultWaitMs: 50 } }, { limits });
    for (const session_id of ['s-1', 's-2']) {
      await callRest('POST', `${doors.base}/sessions`, { session_id, user_id: 'bob', project_path: doors.project });
    }
    const value = fieldValue(doors.project);
    const text = value.map((one) => (typeof one === 'string' ? one : (JSON.stringify(one) ?? '')));
    const call = fc.record({
      path: fc.array(text, { minLength: 2, maxLength: 2 }),
      query: objectOf(Object.keys(spec.query?.shape ?? { q: 1 }), text),
      headers: objectOf(Object.keys(spec.headers?.shape ?? {}), text),
      body: fc.oneof(
        nearlyRight(doors.project),
        objectOf(Object.keys(spec.body?.shape ?? { a: 1 }), value),
        value,
        fc.json(),
      ),
    });
    for (const { path, query, headers, body } of fc.sample(call, { numRuns: CALLS_A_ROUTE, seed: 7 })) {
      const parts = [...path];
      const filled = spec.path.replaceAll(/:\w+/g, () =>
        encodeURIComponent(Buffer.from(String(parts.shift())).toString()),
      );
      const asked = new URLSearchParams(query as Record<string, string>).toString();
      const sent = Object.entries(headers).map(([name, one]) => [name, String(one).replaceAll(/[^\x20-\x7e]/g, '?')]);
      const answer = await callRest(
        spec.operationId === 'watchEvents' ? 'HEAD' : spec.method.toUpperCase(),
        `${doors.api.restUrl}${filled}?${asked}`,
        spec.method === 'get' ? undefined : body,
        Object.fromEntries(sent) as Record<string, string>,
      );
      assert.ok(answer.status < 500, `${filled}?${asked} ${JSON.stringify(body)} → ${answer.text}`);
      if (answer.status < 400 || answer.text === '') continue;
      assert.ok(errorBody.safeParse(answer.body).success, answer.text);
    }
    assert.deepEqual(doors.logged, []);
  });
}
