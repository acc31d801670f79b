import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startClaudeGateway, type ClaudeGateway } from '../../support/gateway/claude-gateway.ts';
import type { GatewayClient } from '../../support/gateway/gateway-client.ts';
import { CALL_COST_NANO, callTool, gate as makeGate, say } from '../../support/gateway/messages-api.ts';
import { killAgent } from '../../support/machine/processes.ts';

/** Nano-dollars of what had arrived of a call that was cut: its 1000 tokens of input, and the start of its answer. */
const INPUT_NANO = 2_000_000;

describe('the cost of a turn whose agent was killed', () => {
  let gate: ClaudeGateway;
  before(async () => {
    gate = await startClaudeGateway();
  });
  after(() => gate.close());

  /** A session whose turns write a file with a first call and are held in the middle of a second one. */
  async function begin(sessionId: string, on_interrupt?: 'continue'): Promise<[GatewayClient, string]> {
    const hold = makeGate();
    let held = false;
    gate.api.on(sessionId, (call) => {
      if (call.lastText === 'write')
        return callTool('Write', { file_path: join(gate.project, sessionId), content: '' });
      if (!call.afterTool || held) return say('an answer');
      held = true;
      return say('the end that never comes', { hold: hold.opened });
    });
    const client = await gate.connect();
    const options = { permission_mode: 'acceptEdits' as const, on_interrupt };
    await client.open({ session_id: sessionId, project_path: gate.project, options });
    return [client, randomUUID()];
  }

  async function cut(client: GatewayClient, sessionId: string, id: string): Promise<void> {
    await client.send('write', id);
    await client.until((frame) => frame.type === 'delta' && frame.text.startsWith('the end'));
    killAgent(sessionId);
  }

  function notices(client: GatewayClient): string[] {
    return client.events.flatMap(({ event }) => (event.type === 'notice' ? [event.text] : []));
  }

  test('the first turn of a session is priced by its tokens, and a notice says so', async () => {
    const sessionId = randomUUID();
    const [client, id] = await begin(sessionId);
    await cut(client, sessionId, id);
    const turn = await client.result(id);
    const cost = turn.cost_nano! - CALL_COST_NANO;
    assert.equal(turn.outcome, 'unknown');
    assert.ok(cost >= INPUT_NANO && cost < CALL_COST_NANO, `${cost}`);
    assert.match(notices(client).at(-1)!, /2 API calls priced by the tokens/);
  });

  test('whole calls and what had arrived of the cut one are booked, and a notice says so', async () => {
    const sessionId = randomUUID();
    const [client, id] = await begin(sessionId);
    await client.ask('hello');
    await cut(client, sessionId, id);
    const turn = await client.result(id);
    const cost = turn.cost_nano! - CALL_COST_NANO;
    assert.ok(cost >= INPUT_NANO && cost < CALL_COST_NANO, `${cost}`);
    assert.match(notices(client).at(-1)!, /2 API calls priced by the tokens.*1 API call only what had arrived/);
    assert.equal((await client.ask('and now')).cost_nano, CALL_COST_NANO);
  });

  test('with on_interrupt = continue the turn that went on includes its first part, and says what is estimated', async () => {
    const sessionId = randomUUID();
    const [client, id] = await begin(sessionId, 'continue');
    await client.ask('hello');
    await cut(client, sessionId, id);
    const turn = await client.result(id);
    const cost = turn.cost_nano! - 2 * CALL_COST_NANO;
    assert.equal(turn.outcome, 'done');
    assert.ok(cost >= INPUT_NANO && cost < CALL_COST_NANO, `${cost}`);
    assert.ok(notices(client).some((text) => /goes on with it\. The cost so far: 2 API calls priced/.test(text)));
  });

  test('a turn that is sent again carries what its first attempt cost', async () => {
    const sessionId = randomUUID();
    const hold = makeGate();
    let calls = 0;
    gate.api.on(sessionId, () => ((calls += 1) === 2 ? say('never said whole', { hold: hold.opened }) : say('said')));
    const client = await gate.connect();
    await client.open({ session_id: sessionId, project_path: gate.project });
    await client.ask('hello');
    const id = randomUUID();
    await client.send('again', id);
    await client.until((frame) => frame.type === 'delta' && frame.text.startsWith('never'));
    killAgent(sessionId);
    const turn = await client.result(id);
    const cost = turn.cost_nano! - CALL_COST_NANO;
    assert.deepEqual([turn.outcome, turn.content, calls], ['done', 'said', 3]);
    assert.ok(cost >= INPUT_NANO && cost < CALL_COST_NANO, `${cost}`);
    assert.ok(notices(client).some((text) => /sent again\. The cost so far: 1 API call priced/.test(text)));
  });
});
