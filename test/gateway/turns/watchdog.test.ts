import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startClaudeGateway, type ClaudeGateway } from '../../support/gateway/claude-gateway.ts';
import type { GatewayClient } from '../../support/gateway/gateway-client.ts';
import { CALL_COST_NANO, callTool, gate as makeGate, say } from '../../support/gateway/messages-api.ts';
import { pidsOf } from '../../support/machine/processes.ts';
import { until } from '../../support/until.ts';

// Long beside what a busy machine with two cores makes of a start, so that only a real standstill counts.
const STALL_MS = 5_000;
const INTERRUPT_MS = 2_000;

describe('watchdogs over the real Claude Code', () => {
  let gate: ClaudeGateway;
  const log: string[] = [];
  before(async () => {
    const note = (_: object, text: string): void => void log.push(text);
    gate = await startClaudeGateway((home) => {
      mkdirSync(join(home, '.claude'), { recursive: true });
      const settings = { permissions: { allow: ['Bash(node *)'] } };
      writeFileSync(join(home, '.claude', 'settings.json'), JSON.stringify(settings));
      const logger = { debug: note, info: note, warn: note, error: note };
      return { stallMs: STALL_MS, interruptLimitMs: INTERRUPT_MS, logger };
    });
    writeFileSync(join(gate.project, 'wait.mjs'), 'setTimeout(() => undefined, Number(process.argv[2]));');
  });
  after(() => gate.close());

  async function open(session_id: string, options: { turn_limit_seconds?: number } = {}): Promise<GatewayClient> {
    const client = await gate.connect();
    await client.open({ session_id, project_path: gate.project, options });
    return client;
  }

  function lastNotices(client: GatewayClient): string {
    return client.events.flatMap(({ event }) => (event.type === 'notice' ? [event.text] : [])).join('\n');
  }

  test('an agent that is stopped in mid-turn is noticed and ended, with its reason and what it cost', async () => {
    const sessionId = randomUUID();
    const hold = makeGate();
    gate.api.on(sessionId, (call) =>
      call.lastText === 'go' ? say('held for ever', { hold: hold.opened }) : say('hello'),
    );
    const client = await open(sessionId);
    await client.ask('hi');
    const id = randomUUID();
    await client.send('go', id);
    await client.until((frame) => frame.type === 'delta' && frame.text.startsWith('held'));
    const [pid] = pidsOf(`claude .*${sessionId}`);
    process.kill(pid!, 'SIGSTOP');
    const began = Date.now();
    const turn = await client.result(id);
    assert.ok(Date.now() - began < 2 * STALL_MS + INTERRUPT_MS + 2_000);
    assert.deepEqual([turn.outcome, turn.failure?.code], ['failed', 'TURN_STALLED']);
    assert.ok(turn.cost_nano !== null && turn.cost_nano > 0);
    assert.match(lastNotices(client), /given up\. The agent showed no sign of work for 5 s/);
    assert.match(lastNotices(client), /not exact: 1 API call priced by the tokens/);
    assert.ok(log.includes('a turn is given up'));
    await until('the agent is gone', () => pidsOf(`claude .*${sessionId}`).length === 0);
    assert.equal((await client.ask('next')).cost_nano, CALL_COST_NANO);
  });

  test('an API that does not go on is noticed; the agent obeys the interrupt and lives on', async () => {
    const sessionId = randomUUID();
    const hold = makeGate();
    gate.api.on(sessionId, (call) =>
      call.lastText === 'go' ? say('held for ever', { hold: hold.opened }) : say('hello'),
    );
    const client = await open(sessionId);
    const turn = await client.ask('go');
    assert.deepEqual([turn.outcome, turn.failure?.code], ['failed', 'TURN_STALLED']);
    assert.ok(turn.cost_nano !== null && turn.cost_nano > 0);
    assert.equal(pidsOf(`claude .*${sessionId}`).length, 1);
    assert.equal((await client.ask('next')).outcome, 'done');
  });

  test('a quiet tool that takes longer than the limit is left alone', async () => {
    const sessionId = randomUUID();
    const ms = 2 * STALL_MS;
    gate.api.on(sessionId, (call) =>
      call.afterTool ? say('waited') : callTool('Bash', { command: `node wait.mjs ${ms}` }),
    );
    const client = await open(sessionId);
    const began = Date.now();
    const turn = await client.ask('wait');
    assert.deepEqual([turn.outcome, turn.content], ['done', 'waited']);
    assert.ok(Date.now() - began > ms);
  });

  test('a turn over its limit is stopped with its tool, and the session goes on', async () => {
    const sessionId = randomUUID();
    gate.api.on(sessionId, (call) =>
      call.lastText === 'wait' ? callTool('Bash', { command: 'node wait.mjs 60000 limited' }) : say('hello'),
    );
    const client = await open(sessionId, { turn_limit_seconds: 8 });
    const turn = await client.ask('wait');
    assert.deepEqual(
      [turn.outcome, turn.failure],
      ['failed', { code: 'TURN_TIMED_OUT', message: 'The turn took longer than its limit of 8 s' }],
    );
    assert.equal(turn.cost_nano, CALL_COST_NANO);
    await until('the tool is gone', () => pidsOf('node wait.mjs 60000 limited').length === 0);
    assert.equal((await client.ask('next')).outcome, 'done');
  });
});
