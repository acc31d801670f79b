import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { GatewayClient } from '../../support/gateway/gateway-client.ts';
import { startGatewayProcess } from '../../support/gateway/gateway-process.ts';
import type { GatewayProcess } from '../../support/gateway/gateway-process.ts';

describe('a gateway that is killed, with the simulator', () => {
  let gate: GatewayProcess;
  before(async () => {
    gate = await startGatewayProcess(() => ({ agent: 'simulator' }));
  });
  after(() => gate.close());

  async function open(
    session_id: string,
    epoch = 1,
    options: { on_interrupt?: 'continue' } = {},
  ): Promise<GatewayClient> {
    const client = await gate.connect();
    await client.open({ session_id, project_path: gate.project, epoch, options });
    return client;
  }

  test('keeps what was accepted: a turn without a trace is run again, once, and those that waited follow', async () => {
    const sessionId = randomUUID();
    const ids = [randomUUID(), randomUUID()];
    const before = await open(sessionId);
    await before.send('[think 300ms] first', ids[0]);
    await before.send('second', ids[1]);
    await gate.kill();
    await gate.start();
    const client = await open(sessionId, 2);
    assert.equal((await client.result(ids[0]!)).outcome, 'done');
    assert.equal((await client.result(ids[1]!)).outcome, 'done');
    const results = client.events.flatMap(({ event }) => (event.type === 'result' ? [event.turn.message_id] : []));
    assert.deepEqual(results, ids);
    assert.deepEqual(
      client.events.map(({ seq }) => seq),
      client.events.map((_, index) => index + 1),
    );
  });

  test('says unknown, with what there was, when a turn had begun and nothing proves its end', async () => {
    const sessionId = randomUUID();
    const id = randomUUID();
    const before = await open(sessionId);
    await before.send('[tool Bash rm -r build] [hang]', id);
    await before.until((frame) => frame.type === 'event' && frame.event.type === 'tool_finished');
    await gate.kill();
    await gate.start();
    const client = await open(sessionId, 2);
    const turn = await client.result(id);
    assert.deepEqual([turn.outcome, turn.failure?.code, turn.cost_nano], ['unknown', 'TURN_UNKNOWN', null]);
    assert.match(turn.failure!.message, /the gateway ended/);
    assert.equal((await client.ask('and on')).outcome, 'done');
  });

  test('goes on with the turn where the session asks for it', async () => {
    const sessionId = randomUUID();
    const id = randomUUID();
    const before = await open(sessionId, 1, { on_interrupt: 'continue' });
    await before.send('[tool Bash make] [think 400ms] go on', id);
    await before.until((frame) => frame.type === 'event' && frame.event.type === 'tool_finished');
    await gate.kill();
    await gate.start();
    const client = await open(sessionId, 2, { on_interrupt: 'continue' });
    assert.equal((await client.result(id)).outcome, 'done');
  });

  test('an answered message stays answered: the same id gives the old result', async () => {
    const sessionId = randomUUID();
    const id = randomUUID();
    const before = await open(sessionId);
    const first = await before.ask('once', id);
    await gate.kill();
    await gate.start();
    const client = await open(sessionId, 2);
    const again = await client.send('once', id);
    assert.deepEqual([again.duplicate, again.seq, again.result_seq], [true, 1, 3]);
    assert.deepEqual(await client.result(id), first);
  });

  test('a lease outlives the gateway: the older epoch stays refused', async () => {
    const sessionId = randomUUID();
    await open(sessionId, 9);
    await gate.kill();
    await gate.start();
    await assert.rejects(open(sessionId, 8), /LEASE_LOST/);
  });

  test('an agent that crashes again and again over one message is given up', async () => {
    const sessionId = randomUUID();
    const client = await open(sessionId);
    const turn = await client.ask('[crash]');
    assert.deepEqual([turn.outcome, turn.content], ['unknown', 'Simulated answer, cut off']);
    assert.equal((await client.ask('fine')).outcome, 'done');
  });
});
