import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { callRest } from '../support/api/call-rest.ts';
import { SERVICES, openContractDoors } from '../support/api/contract-doors.ts';
import type { ContractDoors } from '../support/api/contract-doors.ts';
import { SUPERVISOR_TOKEN } from '../support/api/open-doors.ts';
import { connectSupervisor } from '../support/api/supervisor-client.ts';

for (const service of SERVICES) {
  describe(service, () => {
    let doors: ContractDoors;
    before(
      async () =>
        void (doors = await openContractDoors(service, { limits: { authTimeoutMs: 200, maxConnections: 4 } })),
    );
    after(async () => await doors.close());

    /** The HTTP status that an upgrade is refused with. */
    async function refusal(headers: Record<string, string>): Promise<number> {
      const socket = new WebSocket(doors.api.supervisorUrl, { headers });
      return await new Promise((resolve, reject) => {
        socket.once('open', () => reject(new Error('The upgrade was taken')));
        socket.once('unexpected-response', (_req, res) => {
          resolve(res.statusCode ?? 0);
          socket.terminate();
        });
        socket.on('error', () => undefined);
      });
    }

    test('a good first frame is answered with success, and repeats the request id', async () => {
      const client = await connectSupervisor(doors.api.supervisorUrl);
      client.send({ type: 'auth', token: SUPERVISOR_TOKEN, request_id: 7 });
      assert.deepEqual(await client.next({ request_id: 7 }), {
        type: 'auth_result',
        success: true,
        message: 'Authenticated',
        request_id: 7,
      });
      await client.close();
    });

    test('a command right behind auth is taken without waiting', async () => {
      const client = await connectSupervisor(doors.api.supervisorUrl);
      client.send({ type: 'auth', token: SUPERVISOR_TOKEN });
      client.send({ type: 'ping', request_id: 'p' });
      await client.next({ type: 'pong', request_id: 'p' });
      assert.deepEqual(
        client.frames.map(({ type }) => type),
        ['auth_result', 'pong'],
      );
      await client.close();
    });

    test('a good header does the same without an auth_result', async () => {
      const client = await connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN);
      const silent = await connectSupervisor(doors.api.supervisorUrl);
      assert.equal(await silent.closed, 4401);
      await client.ask({ type: 'ping' });
      assert.deepEqual(
        client.frames.map(({ type }) => type),
        ['pong'],
      );
      await client.close();
    });

    test('a bad token is told and closed with 4401', async () => {
      const client = await connectSupervisor(doors.api.supervisorUrl);
      client.send({ type: 'auth', token: 'wrong' });
      client.send({ type: 'ping' });
      assert.equal(await client.closed, 4401);
      assert.deepEqual(client.frames, [{ type: 'auth_result', success: false, message: 'Missing or invalid token' }]);
    });

    for (const frame of [{ type: 'auth' }, { type: 'auth', token: null }, { type: 'auth', token: 7 }]) {
      test(`${JSON.stringify(frame)} is a bad token`, async () => {
        const client = await connectSupervisor(doors.api.supervisorUrl);
        client.send(frame);
        assert.equal(await client.closed, 4401);
        assert.deepEqual(client.frames, [{ type: 'auth_result', success: false, message: 'Missing or invalid token' }]);
      });
    }

    test('silence is told after the time and closed with 4401', async () => {
      const client = await connectSupervisor(doors.api.supervisorUrl);
      assert.equal(await client.closed, 4401);
      assert.deepEqual(client.frames, [{ type: 'auth_result', success: false, message: 'No token within 0.2 s' }]);
    });

    test('a command before auth is refused and the time goes on', async () => {
      const client = await connectSupervisor(doors.api.supervisorUrl);
      const refused = await client.ask({ type: 'get_session_status', session_id: 'x' });
      assert.equal(refused['code'], 'UNAUTHENTICATED');
      client.send({ type: 'auth', token: SUPERVISOR_TOKEN });
      await client.next({ type: 'auth_result', success: true });
      await client.close();
    });

    test('a bad header is told like a bad token in the first frame, and closed with 4401', async () => {
      const client = await connectSupervisor(doors.api.supervisorUrl, 'wrong');
      await client.next({ type: 'auth_result', success: false, message: 'Missing or invalid token' });
      assert.equal(await client.closed, 4401);
    });

    test('a foreign Origin is 403 at the upgrade', async () => {
      assert.equal(await refusal({ origin: 'http://evil.example' }), 403);
    });

    test('more connections than allowed are 429 at the upgrade', async () => {
      const open = await Promise.all(
        [1, 2, 3, 4].map(() => connectSupervisor(doors.api.supervisorUrl, SUPERVISOR_TOKEN)),
      );
      assert.equal(await refusal({ authorization: `Bearer ${SUPERVISOR_TOKEN}` }), 429);
      await Promise.all(open.map((client) => client.close()));
    });

    test('plain HTTP is told to upgrade', async () => {
      const { status, body } = await callRest('GET', doors.api.supervisorUrl.replace('ws:', 'http:'));
      assert.deepEqual([status, body['type']], [426, 'error']);
    });

    test('a user with a token of its own acts as itself and sees nothing of others', async () => {
      const alice = await connectSupervisor(doors.api.supervisorUrl, doors.tokens.alice);
      const bob = await connectSupervisor(doors.api.supervisorUrl, doors.tokens.bob);
      await alice.ask({
        type: 'claude_code_connect',
        session_id: 'of-alice',
        user_id: 'alice',
        project_path: doors.project,
      });
      for (const type of ['get_session_status', 'subscribe', 'interrupt', 'claude_code_disconnect']) {
        const { code, message } = await bob.ask({ type, session_id: 'of-alice' });
        assert.deepEqual([code, message], ['SESSION_NOT_FOUND', 'Session not found: of-alice']);
      }
      const sent = await bob.ask({ type: 'claude_code_message', session_id: 'of-alice', message: 'x' });
      const other = await bob.ask({
        type: 'claude_code_connect',
        session_id: 'y',
        user_id: 'alice',
        project_path: doors.project,
      });
      assert.deepEqual([sent['code'], other['code']], ['SESSION_NOT_FOUND', 'USER_NOT_FOUND']);
      await Promise.all([alice.close(), bob.close()]);
    });
  });
}
