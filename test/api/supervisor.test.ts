import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { callRest } from '../support/api/call-rest.ts';
import { SERVICES, openContractDoors } from '../support/api/contract-doors.ts';
import type { ContractDoors } from '../support/api/contract-doors.ts';
import { SUPERVISOR_TOKEN } from '../support/api/open-doors.ts';
import { connectSupervisor } from '../support/api/supervisor-client.ts';
import type { Frame, SupervisorClient } from '../support/api/supervisor-client.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
for (const service of SERVICES) {
  describe(service, () => {
    let doors: ContractDoors;
    let client: SupervisorClient;
    let count = 0;
    before(async () => {
      doors = await openContractDoors(service);
      client = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
    });
    after(async () => {
      await client.close();
      await doors.close();
    });

    async function newSession(by: SupervisorClient = client): Promise<string> {
      const session_id = `s-${(count += 1)}`;
      await by.ask({ type: 'claude_code_connect', session_id, user_id: 'alice', project_path: doors.project });
      return session_id;
    }
    const noticesOf = (of: SupervisorClient, session_id: string): Frame[] =>
      of.frames.filter((frame) => frame.type === 'claude_code_disconnected' && frame['session_id'] === session_id);
    /** Resolves when the notice of a later end has arrived: whatever had to come before it has come. */
    async function settle(by: SupervisorClient = client): Promise<void> {
      const session_id = await newSession(by);
      await doors.timeOut(session_id);
      await by.next({ type: 'claude_code_disconnected', session_id });
    }

    test('claude_code_connect answers claude_code_connected, and attaches the second time', async () => {
      const frame = { type: 'claude_code_connect', session_id: 'both', user_id: 'alice', project_path: doors.project };
      for (const answer of [await client.ask(frame), await client.ask(frame)]) {
        const { timestamp, request_id: _, ...rest } = answer;
        assert.match(String(timestamp), TIME);
        const words = { session_id: 'both', status: 'connected', user_id: 'alice', project_path: doors.project };
        assert.deepEqual(rest, { type: 'claude_code_connected', ...words });
      }
    });

    test('claude_code_message answers claude_code_response', async () => {
      const session_id = await newSession();
      const message_id = '7d444840-9dc0-41d1-b245-5ffdce74fad2';
      const answer = await client.ask({
        type: 'claude_code_message',
        session_id,
        message: 'hi',
        context: null,
        message_id,
      });
      const { timestamp, response_id, request_id: _, ...rest } = answer;
      assert.equal(typeof response_id, 'string');
      assert.match(String(timestamp), TIME);
      const words = { session_id, message_id, content: 'You said: hi', cost_usd: 0.0005, simulated: true };
      assert.deepEqual(rest, { type: 'claude_code_response', ...words });
    });

    test('the CamelCase spelling of the guide is understood', async () => {
      const connected = await client.ask({
        type: 'ClaudeCodeConnect',
        session_id: 'camel',
        user_id: 'alice',
        project_path: doors.project,
      });
      const response = await client.ask({ type: 'ClaudeCodeMessage', session_id: 'camel', message: 'hi' });
      const status = await client.ask({ type: 'GetSessionStatus', session_id: 'camel' });
      const ended = await client.ask({ type: 'ClaudeCodeDisconnect', session_id: 'camel' });
      assert.deepEqual(
        [connected, response, status, ended].map(({ type }) => type),
        ['claude_code_connected', 'claude_code_response', 'session_status', 'claude_code_disconnected'],
      );
    });

    test('get_session_status answers the words of the contract', async () => {
      const session_id = await newSession();
      const { request_id: _, ...answer } = await client.ask({ type: 'get_session_status', session_id });
      const words = { status: 'active', cost_usd: 0, message_count: 0, duration_seconds: 0, is_active: true };
      assert.deepEqual(answer, { type: 'session_status', session_id, ...words });
    });

    test('claude_code_disconnect answers once, and no notice follows', async () => {
      const session_id = await newSession();
      const { timestamp: _, request_id, ...answer } = await client.ask({ type: 'claude_code_disconnect', session_id });
      assert.deepEqual(answer, { type: 'claude_code_disconnected', session_id, reason: 'User requested' });
      await settle();
      assert.deepEqual(
        noticesOf(client, session_id).map((frame) => frame['request_id']),
        [request_id],
      );
    });

    test('a connection that created a session hears once that it ended for another reason', async () => {
      const session_id = await newSession();
      await client.ask({ type: 'claude_code_connect', session_id, user_id: 'alice', project_path: doors.project });
      await client.ask({ type: 'subscribe', session_id });
      await doors.timeOut(session_id);
      const notice = await client.next({ type: 'claude_code_disconnected', session_id });
      await settle();
      assert.deepEqual(
        [notice['reason'], 'request_id' in notice, noticesOf(client, session_id).length],
        ['Idle timeout', false, 1],
      );
    });

    test('another client that ends the session gets its answer, the subscriber the notice, a stranger nothing', async () => {
      const session_id = await newSession();
      const [subscriber, stranger] = await Promise.all([
        connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN),
        connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN),
      ]);
      await subscriber.ask({ type: 'subscribe', session_id });
      await stranger.ask({ type: 'get_session_status', session_id });
      await callRest('DELETE', `${doors.base}/sessions/${session_id}?reason=Enough`);
      await subscriber.next({ type: 'claude_code_disconnected', session_id, reason: 'Enough' });
      await client.next({ type: 'claude_code_disconnected', session_id, reason: 'Enough' });
      for (const one of [client, subscriber, stranger]) await settle(one);
      assert.deepEqual(
        [client, subscriber, stranger].map((one) => noticesOf(one, session_id).length),
        [1, 1, 0],
      );
      await Promise.all([subscriber.close(), stranger.close()]);
    });

    test('subscribe sends the numbered stream and text as it is written', async () => {
      const session_id = await newSession();
      const answer = await client.ask({ type: 'subscribe', session_id });
      assert.deepEqual([answer.type, answer['after_seq']], ['subscribed', 0]);
      await client.ask({ type: 'claude_code_message', session_id, message: 'hi' });
      await client.next({ type: 'claude_code_event', session_id, seq: 7 });
      const seen = client.frames.filter(
        (frame) => frame.type === 'claude_code_event' && frame['session_id'] === session_id,
      );
      const told = seen.map((frame) => [frame['seq'], (frame['event'] as { type: string }).type]);
      assert.deepEqual(told, [
        [1, 'status'],
        [2, 'status'],
        [3, 'queued'],
        [4, 'sent'],
        [undefined, 'text_delta'],
        [undefined, 'text_delta'],
        [5, 'text'],
        [6, 'result'],
        [7, 'cost'],
      ]);
    });

    test('subscribe behind a number repeats nothing, and a number ahead of the stream is told as a gap', async () => {
      const session_id = await newSession();
      await client.ask({ type: 'claude_code_message', session_id, message: 'hi' });
      const late = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
      await late.ask({ type: 'subscribe', session_id, after_seq: 5 });
      await late.next({ type: 'claude_code_event', seq: 6 });
      assert.equal(
        late.frames.some((frame) => Number(frame['seq']) < 6),
        false,
      );
      await late.ask({ type: 'subscribe', session_id, after_seq: 99 });
      await late.next({ type: 'claude_code_event', seq: 1 });
      const gap = late.frames.find((frame) => (frame['event'] as { type?: string } | undefined)?.type === 'gap');
      assert.deepEqual(gap, { type: 'claude_code_event', session_id, event: { type: 'gap', after: 99 } });
      await late.close();
    });

    test('unsubscribe ends the stream', async () => {
      const session_id = await newSession();
      await client.ask({ type: 'subscribe', session_id });
      await client.next({ type: 'claude_code_event', session_id, seq: 2 });
      assert.equal((await client.ask({ type: 'unsubscribe', session_id }))['was_subscribed'], true);
      await client.ask({ type: 'claude_code_message', session_id, message: 'hi' });
      await settle();
      assert.equal(
        client.frames.some((frame) => frame['session_id'] === session_id && Number(frame['seq']) > 2),
        false,
      );
    });

    test('messages of one session keep their order, and a slow one holds up no other session', async () => {
      const [one, two] = [await newSession(), await newSession()];
      client.send({ type: 'claude_code_message', session_id: one, message: 'slow 300', request_id: 'slow' });
      for (let n = 0; n < 50; n += 1) client.send({ type: 'claude_code_message', session_id: one, message: `m${n}` });
      await client.ask({ type: 'claude_code_message', session_id: two, message: 'quick' });
      assert.equal(
        client.frames.some((frame) => frame['request_id'] === 'slow'),
        false,
      );
      await client.next({ request_id: 'slow' });
      const { body } = await callRest('GET', `${doors.base}/sessions/${one}/events?limit=500`);
      const queued = (body['events'] as { type: string; content?: string }[]).filter(({ type }) => type === 'queued');
      assert.deepEqual(
        queued.map(({ content }) => content),
        ['slow 300', ...Array.from({ length: 50 }, (_, n) => `m${n}`)],
      );
    });

    test('a message right behind its connect waits for it', async () => {
      const session_id = 'pipelined';
      client.send({ type: 'claude_code_connect', session_id, user_id: 'alice', project_path: doors.project });
      const answer = await client.ask({ type: 'claude_code_message', session_id, message: 'hi' });
      assert.equal(answer.type, 'claude_code_response');
    });

    test('a turn without an answer is an error frame with its id and cost', async () => {
      const session_id = await newSession();
      const failed = await client.ask({ type: 'claude_code_message', session_id, message: 'fail here' });
      const { message_id, response_id, request_id: _, ...rest } = failed;
      assert.deepEqual([typeof message_id, typeof response_id], ['string', 'string']);
      assert.deepEqual(rest, {
        type: 'error',
        code: 'TURN_FAILED',
        message: 'fail here',
        cost_usd: 0.0005,
        simulated: true,
        session_id,
      });
      const unknown = await client.ask({ type: 'claude_code_message', session_id, message: 'unknown end' });
      assert.deepEqual([unknown['code'], unknown['content']], ['TURN_UNKNOWN', 'You said: unknown end']);
    });

    test('interrupt says whether something was running', async () => {
      const session_id = await newSession();
      const { type, interrupted } = await client.ask({ type: 'interrupt', session_id });
      assert.deepEqual([type, interrupted], ['interrupted', false]);
    });

    const BAD: [string, object | string | Buffer, string][] = [
      ['a frame that is no JSON', '{"type":', 'INVALID_REQUEST'],
      ['a frame that is no object', '[1,2]', 'INVALID_REQUEST'],
      ['a frame without a type', {}, 'INVALID_REQUEST'],
      ['a binary frame', Buffer.from([1, 2, 3]), 'INVALID_REQUEST'],
      ['an unknown type', { type: 'constructor' }, 'INVALID_REQUEST'],
      ['a missing field', { type: 'claude_code_message', session_id: 's' }, 'INVALID_REQUEST'],
      [
        'a message id that is no UUID',
        { type: 'claude_code_message', session_id: 's', message: 'x', message_id: '1' },
        'INVALID_REQUEST',
      ],
      ['a request id that is none', { type: 'ping', request_id: {} }, 'INVALID_REQUEST'],
      ['an unknown session', { type: 'get_session_status', session_id: 'abc-123' }, 'SESSION_NOT_FOUND'],
      [
        'an unknown user',
        { type: 'claude_code_connect', session_id: 'u', user_id: 'eve', project_path: '/p' },
        'USER_NOT_FOUND',
      ],
      [
        'a missing folder',
        { type: 'claude_code_connect', session_id: 'u', user_id: 'alice', project_path: '/missing' },
        'PROJECT_PATH',
      ],
    ];
    for (const [name, frame, code] of BAD) {
      test(`${name} gets the error frame ${code} and the connection stays`, async () => {
        const mine = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
        mine.send(frame);
        const { message, request_id, ...error } = await mine.next({ type: 'error' });
        assert.deepEqual([error['code'], typeof message, typeof request_id], [code, 'string', 'string']);
        assert.equal((await mine.ask({ type: 'ping' })).type, 'pong');
        await mine.close();
      });
    }

    test('an agent that is away gets the error frame AGENT_UNREACHABLE', async () => {
      doors.setAgentsAway(true);
      const frame = { type: 'claude_code_connect', session_id: 'away', user_id: 'alice', project_path: doors.project };
      const { code } = await client.ask(frame);
      doors.setAgentsAway(false);
      assert.equal(code, 'AGENT_UNREACHABLE');
    });

    test('the words of an error are those of the guide', async () => {
      const { message } = await client.ask({ type: 'claude_code_message', session_id: 'abc-123', message: 'x' });
      assert.equal(message, 'Session not found: abc-123');
    });

    test('a frame over 1 MiB is TOO_LARGE under its request id, and the connection stays', async () => {
      const mine = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
      const { code, message } = await mine.ask({ type: 'ping', filler: 'x'.repeat(1024 * 1024) });
      assert.deepEqual([code, message], ['TOO_LARGE', 'Body is larger than 1048576 bytes']);
      assert.equal((await mine.ask({ type: 'ping' })).type, 'pong');
      await mine.close();
    });

    test('a frame over 4 MiB closes with 1009', async () => {
      const mine = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
      mine.send({ type: 'ping', filler: 'x'.repeat(4 * 1024 * 1024) });
      assert.equal(await mine.closed, 1009);
    });
  });
}
