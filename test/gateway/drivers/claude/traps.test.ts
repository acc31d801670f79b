import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeClaudeDriver } from '../../../../gateway/drivers/claude/claude-driver.ts';
import type { Agent, AgentReport, Conversation } from '../../../../gateway/drivers/driver.ts';
import type { AgentStatus } from '../../../../protocol/gateway-control.ts';
import { GatewayControlClient } from '../../../../protocol/gateway-control.ts';
import { TEST_TOKEN } from '../../../support/gateway/gateway-client.ts';
import type { GatewayClient } from '../../../support/gateway/gateway-client.ts';
import { startGatewayProcess } from '../../../support/gateway/gateway-process.ts';
import type { GatewayProcess } from '../../../support/gateway/gateway-process.ts';
import { callTool, claudeEnv, gate as makeGate, say, startMessagesApi } from '../../../support/gateway/messages-api.ts';
import type { MessagesApi } from '../../../support/gateway/messages-api.ts';
import { pidsOf } from '../../../support/machine/processes.ts';
import { until } from '../../../support/until.ts';

describe('traps of the real Claude Code', () => {
  let api: MessagesApi;
  let gate: GatewayProcess;
  before(async () => {
    api = await startMessagesApi();
    gate = await startGatewayProcess((home) => {
      mkdirSync(join(home, '.claude'), { recursive: true });
      const settings = { permissions: { allow: ['Bash(node *)'] } };
      writeFileSync(join(home, '.claude', 'settings.json'), JSON.stringify(settings));
      return { agent: 'claude', env: claudeEnv(api, home), prewarm: 1 };
    });
    writeFileSync(
      join(gate.project, 'daemon.mjs'),
      `import { spawn } from 'node:child_process';
       const daemon = ['-e', 'setTimeout(() => 0, 90_000)', process.argv[2]];
       spawn(process.execPath, daemon, { detached: true, stdio: 'ignore' }).unref();
       if (process.argv[3] === 'stay') setTimeout(() => 0, 90_000);`,
    );
  });
  after(async () => {
    await gate.close();
    await api.close();
  });

  async function open(session_id: string, epoch = 1): Promise<GatewayClient> {
    const client = await gate.connect();
    await client.open({ session_id, project_path: gate.project, epoch });
    return client;
  }

  test('gateway killed: a daemon that a tool left in a session of its own goes, and an agent that was started ahead', async () => {
    const sessionId = randomUUID();
    const mark = `daemon-${sessionId}`;
    api.on(sessionId, (call) =>
      call.lastText === 'go' ? callTool('Bash', { command: `node daemon.mjs ${mark} stay` }) : say('hello'),
    );
    const client = await open(sessionId);
    await client.ask('hi');
    await client.send('go');
    await until('the processes run', () => pidsOf(mark).length >= 3);
    const agents = (): Promise<AgentStatus[]> =>
      new GatewayControlClient({ url: client.socket.url, token: TEST_TOKEN }).agents();
    await until('an agent is warm', async () => (await agents()).some(({ state }) => state === 'warm'));
    const pids = (await agents()).map(({ pid }) => pid!);
    const living = (): number[] => pidsOf('claude .*--output-format').filter((pid) => pids.includes(pid));
    assert.equal(living().length, 2);
    await gate.kill();
    assert.ok(pidsOf(mark).length >= 2);
    await gate.start();
    assert.deepEqual([pidsOf(mark), living()], [[], []]);
  });

  test('two writers: an agent that outlived its gateway is ended before another one resumes, and no turn is lost', async () => {
    const sessionId = randomUUID();
    const hold = makeGate();
    api.on(sessionId, (call) => {
      const writers = pidsOf(`claude .*${sessionId}`).length;
      assert.equal(writers, 1);
      return call.lastText === 'two'
        ? say('never whole', { hold: hold.opened })
        : say(`I know ${call.transcript.length}`);
    });
    const first = await open(sessionId);
    await first.ask('one');
    const id = randomUUID();
    await first.send('two', id);
    await first.until((frame) => frame.type === 'delta' && frame.text.startsWith('never'));
    await gate.kill();
    assert.equal(pidsOf(`claude .*${sessionId}`).length, 1);
    await gate.start();
    hold.open();
    api.on(sessionId, (call) => {
      assert.equal(pidsOf(`claude .*${sessionId}`).length, 1);
      return say(['one', 'two', 'three'].filter((each) => call.transcript.includes(`user: ${each}`)).join(' '));
    });
    const client = await open(sessionId, 2);
    await client.result(id);
    assert.equal((await client.ask('three')).content, 'one two three');
  });

  test('an id that Claude has carried out yields no result when it is sent again: that is reported, not waited for', async () => {
    const driver = makeClaudeDriver(claudeEnv(api, gate.home), join(gate.dataDir, 'empty'));
    const message_id = randomUUID();
    const reports: AgentReport[] = [];
    let conversation: Conversation = { id: randomUUID(), established: false, counters: {} };
    const start = (): Promise<Agent> =>
      driver.start({
        session_id: 's',
        agent_id: randomUUID(),
        project_path: gate.project,
        conversation,
        options: {},
        loads_project: false,
        earlierMessages: () => [],
        spawned: () => undefined,
        signal: new AbortController().signal,
        report(report) {
          reports.push(report);
          if (report.type === 'conversation' || report.type === 'ended') conversation = report.conversation;
        },
      });
    const has = (type: AgentReport['type']) => (): boolean => reports.some((report) => report.type === type);
    const agent = await start();
    agent.send({ message_id, content: 'once' });
    await until('the turn has ended', has('ended'));
    await agent.stop(1000);
    const before = api.calls.length;
    const again = await start();
    again.send({ message_id, content: 'once' });
    await until('the prompt was consumed', has('consumed'));
    await again.stop(1000);
    assert.equal(api.calls.length, before);
    assert.equal((await driver.inspect(conversation, { message_id, attempts: 1 })).found, 'finished');
  });
});
