import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { JournalEvent, JournalSession } from '../../../domain/session/session-record.ts';
import { GatewayControlClient } from '../../../protocol/gateway-control.ts';
import { GatewayJournalClient } from '../../../protocol/gateway-journal.ts';
import { TEST_TOKEN } from '../../support/gateway/gateway-client.ts';
import { until } from '../../support/until.ts';
import { startTestGateway } from '../../support/gateway/test-gateway.ts';
import type { TestGateway } from '../../support/gateway/test-gateway.ts';

describe('new GatewayJournalClient()', () => {
  let gate: TestGateway;
  before(async () => {
    gate = await startTestGateway();
  });
  after(() => gate.close());

  async function all<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
    const rows: T[] = [];
    for await (const page of pages) rows.push(...page);
    return rows;
  }

  test('reads what sockets were told, from any number on, of every session', async () => {
    const client = await gate.connect();
    const session_id = 'one: with / strange ü id';
    await client.open({ session_id, project_path: gate.project });
    await client.ask('hello');
    await client.ask('again');
    const reader = new GatewayJournalClient({ url: gate.gateway.url, token: TEST_TOKEN });
    assert.equal(await reader.exists(), true);
    assert.deepEqual(await all<JournalEvent>(reader.events(session_id, 0)), client.events);
    assert.deepEqual(await all<JournalEvent>(reader.events(session_id, 3)), client.events.slice(3));
    assert.deepEqual(await all<JournalEvent>(reader.events('nobody', 0)), []);
    const sessions = await all<JournalSession>(reader.sessions());
    assert.deepEqual(
      sessions.map((row) => [row.session_id, row.project_path, row.last_seq]),
      [[session_id, gate.project, client.events.at(-1)?.seq]],
    );
  });

  test('reads and interrupts sessions whose ids no address can hold', async () => {
    const reader = new GatewayJournalClient({ url: gate.gateway.url, token: TEST_TOKEN });
    const control = new GatewayControlClient({ url: gate.gateway.url, token: TEST_TOKEN });
    for (const session_id of ['.', '..']) {
      const client = await gate.connect();
      await client.open({ session_id, project_path: gate.project });
      const turn = client.ask('[hang]');
      await until('the turn runs', async () => await control.interrupt(session_id));
      await turn;
      assert.deepEqual(await all<JournalEvent>(reader.events(session_id, 0)), client.events);
    }
  });

  test('pages hold at most what was asked for, and what is not well formed is refused', async () => {
    const get = async (path: string): Promise<{ status: number; body: Record<string, unknown> }> => {
      const headers = { authorization: `Bearer ${TEST_TOKEN}` };
      const answer = await fetch(`${gate.gateway.url.replace('ws', 'http')}${path}`, { headers });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const client = await gate.connect();
    await client.open({ session_id: 'two', project_path: gate.project });
    await client.ask('hello');
    const page = await get('/journal/sessions/two/events?after=1&limit=1');
    assert.deepEqual(
      (page.body.events as { seq: number }[]).map(({ seq }) => seq),
      [2],
    );
    for (const path of ['?after=-1', '?after=x', '?limit=0']) {
      assert.equal((await get(`/journal/sessions/two/events${path}`)).status, 400, path);
    }
    assert.equal((await get('/journal/sessions/%E0%A4%A/events')).status, 400);
  });

  test('a wrong token is no plain peer, and reads nothing', async () => {
    const reader = new GatewayJournalClient({ url: gate.gateway.url, token: 'wrong' });
    await assert.rejects(reader.exists(), { code: 'UNAVAILABLE', message: /refuses the token/ });
    await assert.rejects(all(reader.sessions()), { code: 'UNAVAILABLE' });
  });

  test('a plain peer has no journal; one that is away is UNAVAILABLE', async () => {
    const peer = createServer((_request, response) => response.writeHead(426).end('Upgrade Required'));
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    const url = `ws://127.0.0.1:${(peer.address() as AddressInfo).port}`;
    const reader = new GatewayJournalClient({ url, token: '' });
    assert.equal(await reader.exists(), false);
    peer.closeAllConnections();
    await new Promise((resolve) => peer.close(resolve));
    await assert.rejects(reader.exists(), { code: 'UNAVAILABLE' });
  });
});
