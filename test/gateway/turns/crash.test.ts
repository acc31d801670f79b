import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TurnResult } from '../../../domain/session/turn.ts';
import type { GatewayClient } from '../../support/gateway/gateway-client.ts';
import { startGatewayProcess } from '../../support/gateway/gateway-process.ts';
import type { GatewayProcess } from '../../support/gateway/gateway-process.ts';
import {
  CALL_COST_NANO,
  callTool,
  claudeEnv,
  gate as makeGate,
  say,
  startMessagesApi,
} from '../../support/gateway/messages-api.ts';
import type { MessagesApi } from '../../support/gateway/messages-api.ts';
import { killAgent, pidsOf } from '../../support/machine/processes.ts';
import { until } from '../../support/until.ts';

describe('turns of the real Claude Code that are cut off', () => {
  let api: MessagesApi;
  let gate: GatewayProcess;
  before(async () => {
    api = await startMessagesApi();
    gate = await startGatewayProcess((home) => {
      mkdirSync(join(home, '.claude'), { recursive: true });
      const settings = { permissions: { allow: ['Bash(node *)'] } };
      writeFileSync(join(home, '.claude', 'settings.json'), JSON.stringify(settings));
      return { agent: 'claude', env: claudeEnv(api, home) };
    });
    writeFileSync(join(gate.project, 'wait.mjs'), 'setTimeout(() => undefined, 60_000);');
  });
  after(async () => {
    await gate.close();
    await api.close();
  });

  async function open(session_id: string, epoch = 1, on_interrupt?: 'continue'): Promise<GatewayClient> {
    const client = await gate.connect();
    await client.open({
      session_id,
      project_path: gate.project,
      epoch,
      options: { on_interrupt, permission_mode: 'acceptEdits' },
    });
    return client;
  }

  async function restart(sessionId: string, on_interrupt?: 'continue'): Promise<GatewayClient> {
    await gate.kill();
    await gate.start();
    return open(sessionId, 2, on_interrupt);
  }

  /** A session whose second turn runs a tool that needs no permission and takes 60 s. */
  async function beginTool(
    sessionId: string,
    mark: string,
    on_interrupt?: 'continue',
  ): Promise<[GatewayClient, string]> {
    api.on(sessionId, (call) => {
      if (call.lastText.startsWith('tool')) return callTool('Bash', { command: `node wait.mjs ${mark}` });
      return say(`after: ${call.lastText.slice(0, 40)}`);
    });
    const client = await open(sessionId, 1, on_interrupt);
    await client.ask('hello');
    const id = randomUUID();
    await client.send('tool please', id);
    await client.until((frame) => frame.type === 'event' && frame.event.type === 'tool_started');
    await until('the tool runs', () => pidsOf(`node wait.mjs ${mark}`).length > 0);
    return [client, id];
  }

  test('gateway killed while a tool runs: unknown with its cost, no process is left, none of others is touched', async () => {
    const stranger = spawn('sleep', ['61'], { stdio: 'ignore', detached: true });
    const sessionId = randomUUID();
    const [, id] = await beginTool(sessionId, '1111');
    const client = await restart(sessionId);
    assert.deepEqual(pidsOf('node wait.mjs 1111'), []);
    assert.deepEqual(pidsOf(`claude .*${sessionId}`), []);
    assert.equal(stranger.exitCode, null);
    process.kill(stranger.pid!);
    const turn = await client.result(id);
    assert.deepEqual([turn.outcome, turn.failure?.code, turn.cost_nano], ['unknown', 'TURN_UNKNOWN', CALL_COST_NANO]);
    const next = await client.ask('next');
    assert.deepEqual([next.outcome, next.cost_nano], ['done', CALL_COST_NANO]);
  });

  test('agent killed while a tool runs: unknown, its tool dies with it, and the next message goes through', async () => {
    const sessionId = randomUUID();
    const [client, id] = await beginTool(sessionId, '2222');
    killAgent(sessionId);
    const turn = await client.result(id);
    assert.deepEqual([turn.outcome, turn.failure?.code, turn.cost_nano], ['unknown', 'TURN_UNKNOWN', CALL_COST_NANO]);
    assert.deepEqual(pidsOf('node wait.mjs 2222'), []);
    const next = await client.ask('next');
    assert.deepEqual([next.outcome, next.cost_nano], ['done', CALL_COST_NANO]);
  });

  test('agent killed while a tool runs, with on_interrupt = continue: the turn goes on and is done', async () => {
    const sessionId = randomUUID();
    const [client, id] = await beginTool(sessionId, '3333', 'continue');
    killAgent(sessionId);
    const turn = await client.result(id);
    assert.equal(turn.outcome, 'done');
    assert.match(turn.content, /^after: Continue from where you left off/);
    assert.equal((await client.ask('next')).outcome, 'done');
  });

  test('gateway killed while a tool runs, with on_interrupt = continue: Claude knows of the tool and ends the turn', async () => {
    const sessionId = randomUUID();
    const [, id] = await beginTool(sessionId, '4444', 'continue');
    const client = await restart(sessionId, 'continue');
    assert.deepEqual(pidsOf('node wait.mjs 4444'), []);
    const turn = await client.result(id);
    assert.deepEqual([turn.outcome, turn.cost_nano], ['done', 2 * CALL_COST_NANO]);
    const asked = api.calls.findLast((call) => call.conversation === sessionId)!.transcript;
    assert.match(
      asked.find((line) => line.startsWith('tool_result'))!,
      /outcome is unknown|interrupted|137|143/,
    );
    assert.match(asked.at(-1)!, /Continue from where you left off.*Bash \(node wait\.mjs 4444\): no result was seen/s);
    assert.equal((await client.ask('next')).outcome, 'done');
  });

  test('agent killed before the first block: nothing was recorded, so it runs again, once', async () => {
    const sessionId = randomUUID();
    const hold = makeGate();
    let calls = 0;
    const answer = (): ReturnType<typeof say> => {
      calls += 1;
      return calls === 1 ? say('the first try', { hold: hold.opened }) : say('the second try');
    };
    api.on(sessionId, answer);
    // Killed while Claude Code wrote its file for the first time, it may have to begin under another id.
    api.on(null, (call) => (call.lastText === 'go once' ? answer() : say(`You said: ${call.lastText}`)));
    const client = await open(sessionId);
    const id = randomUUID();
    await client.send('go once', id);
    await client.until((frame) => frame.type === 'delta');
    killAgent(sessionId);
    const turn = await client.result(id);
    hold.open();
    assert.deepEqual([turn.outcome, turn.content, calls], ['done', 'the second try', 2]);
  });

  test('gateway killed, Claude finishes alone: done, as its transcript proves, with the cost', async () => {
    const sessionId = randomUUID();
    const hold = makeGate();
    api.on(sessionId, () => say('finished without a gateway', { hold: hold.opened }));
    const before = await open(sessionId);
    const id = randomUUID();
    await before.send('go', id);
    await before.until((frame) => frame.type === 'delta');
    await gate.kill();
    hold.open();
    await until('the agent is gone', () => pidsOf(`claude .*${sessionId}`).length === 0);
    await gate.start();
    const client = await open(sessionId, 2);
    const turn = await client.result(id);
    assert.deepEqual(
      [turn.outcome, turn.content, turn.cost_nano],
      ['done', 'finished without a gateway', CALL_COST_NANO],
    );
    api.on(sessionId, () => say('next'));
    const next: TurnResult = await client.ask('next');
    assert.deepEqual([next.content, next.cost_nano], ['next', CALL_COST_NANO]);
  });

  test('gateway killed in a turn that Claude began by itself: what it spent is booked, as a turn with an unknown end', async () => {
    const sessionId = randomUUID();
    const hold = makeGate();
    api.on(sessionId, (call) => {
      if (call.lastText === 'begin') {
        return callTool('Bash', { command: 'node -e "setTimeout(() => 0, 800)"', run_in_background: true });
      }
      if (call.afterTool) return say('it runs');
      return /hello|next/.test(call.lastText) ? say('fine') : say('the task has ended', { hold: hold.opened });
    });
    const before = await open(sessionId);
    await before.ask('hello');
    await before.ask('begin');
    await before.until((frame) => frame.type === 'delta' && frame.text.startsWith('the task'));
    await gate.kill();
    hold.open();
    await until('the agent is gone', () => pidsOf(`claude .*${sessionId}`).length === 0);
    await gate.start();
    const client = await open(sessionId, 2);
    assert.equal((await client.ask('next')).cost_nano, CALL_COST_NANO);
    const own = client.events.flatMap(({ event }) =>
      event.type === 'result' && event.turn.message_id === null ? [event.turn] : [],
    );
    assert.deepEqual(
      own.map((turn) => [turn.outcome, turn.failure?.code, turn.cost_nano]),
      [['unknown', 'TURN_UNKNOWN', CALL_COST_NANO]],
    );
    const costs = client.events.flatMap(({ event }) => (event.type === 'result' ? [event.turn.cost_nano] : []));
    assert.equal(
      costs.reduce((sum, cost) => sum! + cost!, 0),
      api.calls.filter((call) => call.conversation === sessionId).length * CALL_COST_NANO,
    );
  });

  test('a conversation that Claude no longer has begins anew, and says so', async () => {
    const sessionId = randomUUID();
    const client = await open(sessionId);
    await client.ask('remember');
    await client.request({ type: 'release', mode: 'idle' });
    const projects = join(gate.home, '.claude', 'projects');
    execFileSync('find', [projects, '-name', `${sessionId}.jsonl`, '-delete']);
    assert.ok(existsSync(projects));
    const turn = await client.ask('still there?');
    assert.equal(turn.outcome, 'done');
    assert.ok(client.events.some(({ event }) => event.type === 'notice' && /no longer has/.test(event.text)));
  });
});
