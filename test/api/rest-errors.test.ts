import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ERROR_CODES } from '../../domain/errors.ts';
import { HTTP_STATUS } from '../../api/rest/http/error-handler.ts';
import { callRest } from '../support/api/call-rest.ts';
import type { RestAnswer } from '../support/api/call-rest.ts';
import { SERVICES, openContractDoors } from '../support/api/contract-doors.ts';
import type { ContractDoors } from '../support/api/contract-doors.ts';

for (const service of SERVICES) {
  describe(service, () => {
    let doors: ContractDoors;
    let id: string;
    before(async () => {
      doors = await openContractDoors(service, {}, { maxSessions: 3, queueDepth: 2 });
      await call('POST', '/sessions', { user_id: 'alice', project_path: doors.project, session_id: 'open' });
      await call('POST', '/sessions', { user_id: 'alice', project_path: doors.project, session_id: 'ended' });
      await call('DELETE', '/sessions/ended');
      id = 'open';
    });
    after(async () => await doors.close());

    const call = (
      method: string,
      path: string,
      body?: unknown,
      headers?: Record<string, string>,
    ): Promise<RestAnswer> => callRest(method, `${doors.base}${path}`, body, headers);

    /** The whole error, but the id of the request, which has to be the header's. */
    async function errorOf(answer: Promise<RestAnswer>): Promise<[number, string, string]> {
      const { status, headers, body } = await answer;
      assert.equal(body['type'], 'error');
      assert.equal(body['request_id'], headers['x-request-id']);
      return [status, String(body['code']), String(body['message'])];
    }

    const wish = (over: object = {}): object => ({ user_id: 'alice', project_path: doors.project, ...over });
    const ROWS: [string, () => Promise<RestAnswer>, [number, string, string]][] = [
      [
        'an unknown session',
        () => call('GET', '/sessions/nope'),
        [404, 'SESSION_NOT_FOUND', 'Session not found: nope'],
      ],
      [
        'a session id that is none',
        () => call('GET', '/sessions/a%20b'),
        [404, 'SESSION_NOT_FOUND', 'Session not found: a b'],
      ],
      [
        'a message to an unknown session',
        () => call('POST', '/sessions/nope/messages', { message: 'x' }),
        [404, 'SESSION_NOT_FOUND', 'Session not found: nope'],
      ],
      [
        'the cost of an unknown session',
        () => call('GET', '/sessions/nope/cost'),
        [404, 'SESSION_NOT_FOUND', 'Session not found: nope'],
      ],
      [
        'the events of an unknown session',
        () => call('GET', '/sessions/nope/events', undefined, { accept: 'text/event-stream' }),
        [404, 'SESSION_NOT_FOUND', 'Session not found: nope'],
      ],
      [
        'a watch of an unknown session',
        () => call('GET', '/events?watch=nope'),
        [404, 'SESSION_NOT_FOUND', 'Session not found: nope'],
      ],
      [
        'the end of an unknown session',
        () => call('DELETE', '/sessions/nope'),
        [404, 'SESSION_NOT_FOUND', 'Session not found: nope'],
      ],
      [
        'an unknown user',
        () => call('POST', '/sessions', wish({ user_id: 'eve' })),
        [404, 'USER_NOT_FOUND', 'User not found: eve'],
      ],
      [
        'the cost of an unknown user',
        () => call('GET', '/users/eve/cost'),
        [404, 'USER_NOT_FOUND', 'User not found: eve'],
      ],
      [
        'an unknown sender',
        () => call('POST', '/route-conversation', { from: '+15550199', message: 'x', channel: 'sms' }),
        [404, 'USER_NOT_FOUND', 'User not found: +15550199'],
      ],
      [
        'an unknown message',
        () => call('GET', '/sessions/open/messages/nope'),
        [404, 'MESSAGE_NOT_FOUND', 'Message not found: nope'],
      ],
      [
        'a message to an ended session',
        () => call('POST', '/sessions/ended/messages', { message: 'x' }),
        [409, 'SESSION_NOT_ACTIVE', 'Session is not active: ended'],
      ],
      [
        'a session of another owner',
        () => call('POST', '/sessions', wish({ user_id: 'bob', session_id: 'open' })),
        [409, 'SESSION_EXISTS', 'Session already exists: open'],
      ],
      [
        'a session in another project',
        () => call('POST', '/sessions', wish({ project_path: dirname(doors.project), session_id: 'open' })),
        [409, 'SESSION_EXISTS', 'Session already exists: open'],
      ],
      [
        'a folder that is missing',
        () => call('POST', '/sessions', wish({ project_path: '/missing' })),
        [400, 'PROJECT_PATH', 'Project path not found: /missing'],
      ],
      [
        'an agent that is away',
        async () => {
          doors.setAgentsAway(true);
          const answer = await call('POST', '/sessions', wish());
          doors.setAgentsAway(false);
          return answer;
        },
        [502, 'AGENT_UNREACHABLE', 'Failed to connect to Claude Code WebSocket'],
      ],
      [
        'a missing field',
        () => call('POST', '/sessions', { user_id: 'alice' }),
        [400, 'INVALID_REQUEST', 'Invalid body project_path: expected string, got nothing'],
      ],
      [
        'a field of another type',
        () => call('POST', '/sessions', wish({ user_id: 42 })),
        [400, 'INVALID_REQUEST', 'Invalid body user_id: expected string, got 42'],
      ],
      [
        'a misspelt option',
        () => call('POST', '/sessions', wish({ options: { modle: 'x' } })),
        [400, 'INVALID_REQUEST', 'Invalid body options: unknown field "modle"'],
      ],
      [
        'an option that is out of bounds',
        () => call('POST', '/sessions', wish({ options: { idle_after_seconds: 0 } })),
        [400, 'INVALID_REQUEST', 'Invalid body options.idle_after_seconds: expected at least 1, got 0'],
      ],
      [
        'an option that is none of the choices',
        () => call('POST', '/sessions', wish({ options: { on_interrupt: 'no' } })),
        [400, 'INVALID_REQUEST', 'Invalid body options.on_interrupt: expected "report", "continue", got "no"'],
      ],
      [
        'an id with a blank',
        () => call('POST', '/sessions', wish({ session_id: 'a b' })),
        [
          400,
          'INVALID_REQUEST',
          'Invalid body session_id: expected 1 to 128 characters of A-Z a-z 0-9 . _ : -, got "a b"',
        ],
      ],
      [
        'an empty message',
        () => call('POST', '/sessions/open/messages', { message: ' ' }),
        [400, 'INVALID_REQUEST', 'Invalid body message: expected text that is not blank, got " "'],
      ],
      [
        'a context that is no object',
        () => call('POST', '/sessions/open/messages', { message: 'x', context: 'y' }),
        [400, 'INVALID_REQUEST', 'Invalid body context: expected record, got "y"'],
      ],
      [
        'no body',
        () => call('POST', '/sessions/open/messages'),
        [400, 'INVALID_REQUEST', 'Invalid body: expected object, got nothing'],
      ],
      [
        'a body that is null',
        () => call('POST', '/sessions', null),
        [400, 'INVALID_REQUEST', 'Invalid body: expected object, got null'],
      ],
      [
        'a user id that is empty',
        () => call('POST', '/sessions', wish({ user_id: '' })),
        [400, 'INVALID_REQUEST', 'Invalid body user_id: expected at least 1 characters, got ""'],
      ],
      [
        'a body that is an array',
        () => call('POST', '/sessions/open/messages', []),
        [400, 'INVALID_REQUEST', 'Invalid body: expected object, got an array'],
      ],
      [
        'a form',
        () =>
          call('POST', '/sessions/open/messages', 'message=x', { 'content-type': 'application/x-www-form-urlencoded' }),
        [
          400,
          'INVALID_REQUEST',
          'Invalid header content-type: expected application/json, got application/x-www-form-urlencoded',
        ],
      ],
      [
        'a limit that is no number',
        () => call('GET', '/sessions?limit=many'),
        [400, 'INVALID_REQUEST', 'Invalid query limit: expected number, got "many"'],
      ],
      [
        'a limit that is too large',
        () => call('GET', '/sessions?limit=201'),
        [400, 'INVALID_REQUEST', 'Invalid query limit: expected at most 200, got "201"'],
      ],
      [
        'a status that is none',
        () => call('GET', '/sessions?status=busy'),
        [
          400,
          'INVALID_REQUEST',
          'Invalid query status: expected "connecting", "active", "idle", "disconnecting", "disconnected", "error", got "busy"',
        ],
      ],
      [
        'a time that is none',
        () => call('GET', '/cost?since=yesterday'),
        [400, 'INVALID_REQUEST', 'Invalid query since: expected an ISO 8601 date or time, got "yesterday"'],
      ],
      [
        'a Last-Event-ID that is none',
        () => call('GET', '/sessions/open/events', undefined, { 'last-event-id': 'x' }),
        [400, 'INVALID_REQUEST', 'Invalid header last-event-id: expected number, got "x"'],
      ],
      [
        'a key with a blank',
        () => call('POST', '/sessions/open/messages', { message: 'x' }, { 'idempotency-key': 'a b' }),
        [
          400,
          'INVALID_REQUEST',
          'Invalid header idempotency-key: expected 1 to 255 visible ASCII characters, got "a b"',
        ],
      ],
      [
        'nothing there',
        () => call('GET', '/nothing'),
        [404, 'NOT_FOUND', 'Nothing here: GET /api/claude-code/nothing'],
      ],
      [
        'another method',
        () => call('PUT', '/sessions'),
        [405, 'METHOD_NOT_ALLOWED', 'Method PUT is not allowed here: POST, GET, HEAD'],
      ],
      [
        'a path that is not encoded',
        () => call('GET', '/sessions/%E0%A4%A'),
        [400, 'INVALID_REQUEST', "Invalid request: Failed to decode param '%E0%A4%A'"],
      ],
    ];
    for (const [name, run, expected] of ROWS) {
      test(`${name} is ${expected[0]} ${expected[1]}`, async () => assert.deepEqual(await errorOf(run()), expected));
    }

    test('a body that is no JSON says so', async () => {
      const [status, code, message] = await errorOf(call('POST', '/sessions', '{"user_id":'));
      assert.deepEqual([status, code], [400, 'INVALID_REQUEST']);
      assert.match(message, /^Invalid body: expected JSON, got /);
    });

    test('a turn that failed is 502 TURN_FAILED with its id and cost', async () => {
      const { status, body } = await call('POST', '/sessions/open/messages', { message: 'fail for once' });
      const { message_id, response_id, request_id: _, ...rest } = body;
      assert.deepEqual([typeof message_id, typeof response_id], ['string', 'string']);
      assert.deepEqual(
        [status, rest],
        [502, { type: 'error', code: 'TURN_FAILED', message: 'fail for once', cost_usd: 0.0005, simulated: true }],
      );
    });

    test('a turn that a crash cut off is 502 TURN_UNKNOWN with what there was of the answer', async () => {
      const { status, body } = await call('POST', '/sessions/open/messages', { message: 'unknown end' });
      assert.equal(status, 502);
      assert.deepEqual(
        [body['code'], body['message'], body['content'], body['cost_usd']],
        ['TURN_UNKNOWN', 'Outcome unknown: unknown end', 'You said: unknown end', 0.0005],
      );
    });

    test('more sessions than allowed are 429 MAX_SESSIONS with Retry-After', async () => {
      for (const session_id of ['open2', 'open3']) await call('POST', '/sessions', wish({ session_id }));
      const refused = await call('POST', '/sessions', wish());
      assert.deepEqual(
        [refused.status, refused.body['code'], refused.body['message'], refused.headers['retry-after']],
        [429, 'MAX_SESSIONS', 'Maximum number of sessions (3) reached', '30'],
      );
    });

    test('a full queue is 429 QUEUE_FULL with Retry-After', async () => {
      const send = (): Promise<RestAnswer> =>
        call('POST', `/sessions/${id}/messages`, { message: 'never' }, { prefer: 'respond-async' });
      const refused = [await send(), await send(), await send()].at(-1);
      assert.deepEqual(
        [refused?.status, refused?.body['message'], refused?.headers['retry-after']],
        [429, 'Message queue is full for session: open', '5'],
      );
    });

    test('a body over 1 MiB is 413 TOO_LARGE, also with gzip and without a length', async () => {
      const huge = JSON.stringify({ message: 'x'.repeat(1024 * 1024) });
      assert.deepEqual(await errorOf(call('POST', '/sessions/open/messages', huge)), [
        413,
        'TOO_LARGE',
        'Body is larger than 1048576 bytes',
      ]);
      const chunked = await fetch(`${doors.base}/sessions/open/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: new Blob([huge]).stream(),
        duplex: 'half',
      });
      assert.equal(chunked.status, 413);
    });

    test('a body that nests half a million levels is refused and not a crash', async () => {
      const deep = `{"message":"x","context":{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}}`;
      const [status, code, message] = await errorOf(call('POST', '/sessions/open/messages', deep));
      assert.deepEqual(
        [status, code, message],
        [400, 'INVALID_REQUEST', 'Invalid body context: expected an object of at most 32 levels, got an object'],
      );
    });

    test('what is not HTTP gets a 400 in the one shape', async () => {
      const { hostname, port } = new URL(doors.api.restUrl);
      const text = await new Promise<string>((resolve, reject) => {
        let seen = '';
        const socket = connect(Number(port), hostname, () => socket.write('this is not http\r\n\r\n'));
        socket
          .on('data', (chunk) => (seen += chunk.toString()))
          .on('end', () => resolve(seen))
          .on('error', reject);
      });
      assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.equal((JSON.parse(text.split('\r\n\r\n')[1] ?? '') as { code: string }).code, 'INVALID_REQUEST');
    });

    test('HEAD answers the headers of GET', async () => {
      const head = await call('HEAD', '/sessions/open');
      assert.deepEqual([head.status, head.text], [200, '']);
      const stream = await call('HEAD', '/sessions/open/events', undefined, { accept: 'text/event-stream' });
      assert.deepEqual([stream.status, stream.headers['content-type']], [200, 'text/event-stream; charset=utf-8']);
    });
  });
}

test('every code has an HTTP status', () => {
  assert.deepEqual(Object.keys(HTTP_STATUS).sort(), [...ERROR_CODES].sort());
});
