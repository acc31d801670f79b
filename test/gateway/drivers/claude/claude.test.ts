import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { CALL_COST_NANO, callTool, gate as makeGate, say } from '../../../support/gateway/messages-api.ts';
import { startClaudeGateway, type ClaudeGateway } from '../../../support/gateway/claude-gateway.ts';
import type { GatewayClient } from '../../../support/gateway/gateway-client.ts';

describe('a session with the real Claude Code', () => {
  let gate: ClaudeGateway;
  before(async () => {
    gate = await startClaudeGateway(() => ({ agent: 'auto' }));
  });
  after(() => gate.close());

  async function open(
    sessionId: string,
    options: { permission_mode?: 'acceptEdits' | 'dontAsk'; on_interrupt?: 'continue' } = {},
    more: { epoch?: number; start?: boolean } = {},
  ): Promise<GatewayClient> {
    const client = await gate.connect();
    await client.open({ session_id: sessionId, project_path: gate.project, options, ...more });
    return client;
  }

  test('a turn is answered, streamed and priced to the nano-dollar', async () => {
    const client = await open(randomUUID(), {}, { start: true });
    const turn = await client.ask('good morning');
    assert.deepEqual(
      [turn.outcome, turn.content, turn.cost_nano, turn.agent, turn.simulated],
      ['done', 'You said: good morning', CALL_COST_NANO, 'claude', false],
    );
    assert.deepEqual(turn.usage, [
      {
        model: 'claude-sonnet-5',
        input_tokens: 1000,
        output_tokens: 100,
        cache_read_tokens: 0,
        cache_creation_tokens: 0,
        cost_nano: CALL_COST_NANO,
      },
    ]);
    assert.equal(client.deltas.join(''), 'You said: good morning');
  });

  test('a tool call writes a file with acceptEdits, and after idle the agent knows the earlier turns', async () => {
    const sessionId = randomUUID();
    const file = join(gate.project, 'written.txt');
    gate.api.on(sessionId, (call) => {
      if (call.afterTool) return say('written');
      if (call.lastText === 'write it') return callTool('Write', { file_path: file, content: 'by claude\n' });
      return say(`I know ${call.transcript.length}`);
    });
    const client = await open(sessionId, { permission_mode: 'acceptEdits' });
    const turn = await client.ask('write it');
    assert.deepEqual([turn.outcome, turn.content, turn.cost_nano], ['done', 'written', 2 * CALL_COST_NANO]);
    assert.equal(await readFile(file, 'utf8'), 'by claude\n');
    const tools = client.events.flatMap(({ event }) => (event.type.startsWith('tool_') ? [event] : []));
    assert.deepEqual(
      tools.map((event) => event.type),
      ['tool_started', 'tool_finished'],
    );
    assert.equal((await client.request({ type: 'release', mode: 'idle' })).type, 'released');
    assert.ok((await gate.agents()).every((agent) => agent.session_id !== sessionId));
    const later = await client.ask('and now?');
    assert.deepEqual([later.content, later.cost_nano], ['I know 5', CALL_COST_NANO]);
  });

  test('a permission that nobody can give is denied in words and reported, and the turn goes on', async () => {
    const sessionId = randomUUID();
    const file = join(gate.project, 'forbidden.txt');
    gate.api.on(sessionId, (call) =>
      call.afterTool ? say(`was told: ${call.lastText}`) : callTool('Write', { file_path: file, content: 'x' }),
    );
    const client = await open(sessionId);
    const turn = await client.ask('try');
    assert.equal(turn.outcome, 'done');
    assert.match(turn.content, /permission mode "default".*"acceptEdits"/s);
    const asked = client.events.flatMap(({ event }) => (event.type === 'permission' ? [event] : []));
    assert.deepEqual(
      asked.map((event) => [event.tool, event.decision]),
      [['Write', 'denied']],
    );
    assert.match(asked[0]!.summary, /forbidden\.txt/);
  });

  test('dontAsk denies by itself, which is reported as well', async () => {
    const sessionId = randomUUID();
    gate.api.on(sessionId, (call) =>
      call.afterTool ? say('denied') : callTool('Bash', { command: 'touch nope.txt', description: 'x' }),
    );
    const client = await open(sessionId, { permission_mode: 'dontAsk' });
    assert.equal((await client.ask('try')).outcome, 'done');
    assert.equal(client.events.filter(({ event }) => event.type === 'permission').length, 1);
  });

  test('an interrupt ends the turn, its cost is booked, and the session goes on', async () => {
    const sessionId = randomUUID();
    const hold = makeGate();
    gate.api.on(sessionId, (call) =>
      call.lastText === 'long' ? say('a long answer that is cut', { hold: hold.opened }) : say('short'),
    );
    const client = await open(sessionId);
    const id = randomUUID();
    await client.send('long', id);
    await client.until((frame) => frame.type === 'delta');
    assert.equal(((await client.request({ type: 'interrupt' })) as { interrupted: boolean }).interrupted, true);
    const turn = await client.result(id);
    hold.open();
    assert.deepEqual([turn.outcome, turn.failure?.code], ['failed', 'INTERRUPTED']);
    assert.ok(turn.cost_nano !== null && turn.cost_nano > 0);
    assert.match(turn.content, /a long answ/);
    assert.equal((await client.ask('next')).content, 'short');
  });

  test('an error of the API fails the turn with its words and costs nothing', async () => {
    const sessionId = randomUUID();
    gate.api.on(sessionId, () => ({ error: { status: 400, type: 'invalid_request_error', message: 'no such luck' } }));
    const client = await open(sessionId);
    const turn = await client.ask('x');
    assert.deepEqual([turn.outcome, turn.failure?.code, turn.cost_nano], ['failed', 'TURN_FAILED', 0]);
    assert.match(turn.failure!.message, /no such luck/);
  });

  test('a turn that Claude begins by itself is recorded and priced without a message', async () => {
    const sessionId = randomUUID();
    gate.api.on(sessionId, (call) => {
      if (call.lastText === 'begin')
        return callTool('Bash', { command: 'sleep 1; echo done', run_in_background: true });
      return say(call.afterTool ? 'it runs' : 'the task ended');
    });
    const client = await open(sessionId);
    await client.ask('begin');
    const busy = await client.request({ type: 'release', mode: 'idle' });
    assert.equal(busy.type === 'error' && busy.code, 'BUSY');
    const unasked = await client.until((frame) =>
      frame.type === 'event' && frame.event.type === 'result' && frame.event.turn.message_id === null
        ? frame.event.turn
        : null,
    );
    assert.deepEqual([unasked.outcome, unasked.cost_nano], ['done', CALL_COST_NANO]);
    assert.ok(unasked.started_at < unasked.finished_at);
    const tasks = client.events.flatMap(({ event }) => (event.type === 'background' ? [event.tasks] : []));
    assert.deepEqual(tasks, [1, 0]);
  });

  test('costs stay exact when the agent is killed between turns and its totals fall back', async () => {
    const sessionId = randomUUID();
    const client = await open(sessionId);
    const costs = [await client.ask('one'), await client.ask('two')].map((turn) => turn.cost_nano);
    const { pid } = (await gate.agents()).find((agent) => agent.session_id === sessionId)!;
    process.kill(pid!, 'SIGKILL');
    while ((await gate.agents()).some((agent) => agent.session_id === sessionId)) await sleep(20);
    const third = await client.ask('three');
    assert.deepEqual([...costs, third.cost_nano], [CALL_COST_NANO, CALL_COST_NANO, CALL_COST_NANO]);
    assert.deepEqual(gate.api.calls.filter((call) => call.conversation === sessionId).at(-1)!.transcript, [
      'user: one',
      'assistant: You said: one',
      'user: two',
      'assistant: You said: two',
      'user: three',
    ]);
  });

  test('bypassPermissions is refused for root with what to do', { skip: process.getuid?.() !== 0 }, async () => {
    const client = await gate.connect();
    const options = { permission_mode: 'bypassPermissions' as const };
    await assert.rejects(
      client.open({ session_id: randomUUID(), project_path: gate.project, options, start: true }),
      /AGENT_UNREACHABLE.*run the gateway as another user/,
    );
  });

  test('a stop in mid-turn takes less than 5 s; what left no trace runs again after the next start', async () => {
    const sessionId = randomUUID();
    const hold = makeGate();
    let calls = 0;
    gate.api.on(sessionId, () => ((calls += 1) === 1 ? say('cut', { hold: hold.opened }) : say('again')));
    const client = await open(sessionId);
    const id = randomUUID();
    await client.send('go', id);
    await client.until((frame) => frame.type === 'delta');
    const began = Date.now();
    await gate.restart();
    assert.ok(Date.now() - began < 5000);
    assert.equal((await client.closed).code, 1001);
    hold.open();
    const next = await open(sessionId, {}, { epoch: 2 });
    const turn = await next.result(id);
    assert.deepEqual([turn.outcome, turn.content], ['done', 'again']);
  });
});
