import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startClaudeGateway, type ClaudeGateway } from '../../support/gateway/claude-gateway.ts';
import type { GatewayClient } from '../../support/gateway/gateway-client.ts';
import { CALL_COST_NANO, say } from '../../support/gateway/messages-api.ts';
import { pidsOf } from '../../support/machine/processes.ts';
import { until } from '../../support/until.ts';

describe('Claude Code that is started ahead', () => {
  let gate: ClaudeGateway;
  before(async () => {
    gate = await startClaudeGateway(() => ({ prewarm: 1, maxAgents: 3 }));
    gate.api.on(null, (call) => say(`I know ${call.transcript.length}`));
  });
  after(() => gate.close());

  async function open(project_path: string, sessionId: string = randomUUID(), epoch = 1): Promise<GatewayClient> {
    const client = await gate.connect();
    await client.open({ session_id: sessionId, project_path, epoch, start: true });
    return client;
  }

  async function warmPid(): Promise<number> {
    return until('an agent is warm', async () => (await gate.agents()).find(({ state }) => state === 'warm')?.pid);
  }

  test('the next session of the project takes it, and keeps its conversation over idling and a restart', async () => {
    const project = await mkdtemp(join(gate.project, 'a-'));
    const first = await open(project);
    const pid = await warmPid();
    const sessionId = randomUUID();
    const client = await open(project, sessionId);
    const taken = (await gate.agents()).find((agent) => agent.session_id === sessionId);
    assert.deepEqual([taken?.pid, taken?.state], [pid, 'ready']);
    assert.ok(taken!.rss_bytes! > 0);
    assert.deepEqual(
      [(await client.ask('one')).content, (await client.ask('two')).cost_nano],
      ['I know 1', CALL_COST_NANO],
    );
    await client.request({ type: 'release', mode: 'idle' });
    assert.equal((await client.ask('three')).content, 'I know 5');
    await gate.restart();
    const later = await open(project, sessionId, 2);
    assert.equal((await later.ask('four')).content, 'I know 7');
    for (const each of [first, later]) await each.close();
  });

  test('one that read files which have changed since is let go and not used', async () => {
    const project = await mkdtemp(join(gate.project, 'b-'));
    writeFileSync(join(project, 'CLAUDE.md'), 'the old words');
    await open(project);
    const pid = await warmPid();
    writeFileSync(join(project, 'CLAUDE.md'), 'the new words');
    const client = await open(project);
    await client.ask('hi');
    assert.ok((await gate.agents()).every((agent) => agent.pid !== pid));
    assert.match(JSON.stringify(gate.api.calls.at(-1)!.body), /the new words/);
  });

  test('it makes room for a session of another project, and is gone with the gateway', async () => {
    await gate.restart();
    const [one, two] = [await mkdtemp(join(gate.project, 'c-')), await mkdtemp(join(gate.project, 'd-'))];
    const sessions = [await open(one), await open(two)];
    const pid = await warmPid();
    await Promise.all(sessions.map((session) => session.send('work')));
    assert.equal((await (await open(await mkdtemp(join(gate.project, 'e-')))).ask('x')).outcome, 'done');
    assert.ok((await gate.agents()).every((agent) => agent.pid !== pid));
    await gate.restart();
    assert.deepEqual(
      pidsOf(`claude .*--output-format`).filter((each) => each === pid),
      [],
    );
  });
});
