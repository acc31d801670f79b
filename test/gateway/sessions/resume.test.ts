import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { GatewayFrame } from '../../../protocol/agent-protocol.ts';
import { startClaudeGateway } from '../../support/gateway/claude-gateway.ts';
import type { ClaudeGateway } from '../../support/gateway/claude-gateway.ts';
import type { GatewayClient } from '../../support/gateway/gateway-client.ts';
import { say } from '../../support/gateway/messages-api.ts';
import { startTestGateway } from '../../support/gateway/test-gateway.ts';

/** Opens a session that must be continued, and returns the gateway's answer. */
async function resume(client: GatewayClient, session_id: string, project_path: string): Promise<GatewayFrame> {
  const open = { type: 'open' as const, session_id, project_path, epoch: 2, options: {}, after_seq: 0, start: true };
  return client.request({ ...open, resume_required: true });
}

function refusal(frame: GatewayFrame): unknown[] {
  return frame.type === 'error' ? [frame.code, frame.message] : [frame.type];
}

describe('a closed session that is opened again, with the real Claude Code', () => {
  let gate: ClaudeGateway;
  before(async () => {
    gate = await startClaudeGateway();
  });
  after(() => gate.close());

  /** A session that had one turn and was closed. */
  async function closed(): Promise<string> {
    const session_id = randomUUID();
    gate.api.on(session_id, (call) => say(`I see ${call.transcript.filter((line) => line.startsWith('user')).length}`));
    const client = await gate.connect();
    await client.open({ session_id, project_path: gate.project, start: true });
    assert.equal((await client.ask('the word is plum')).content, 'I see 1');
    const released = await client.request({ type: 'release', mode: 'close' });
    assert.equal(released.type, 'released');
    await client.close();
    return session_id;
  }

  test('continues its conversation: the model sees the earlier messages', async () => {
    const session_id = await closed();
    const client = await gate.connect();
    assert.equal((await resume(client, session_id, gate.project)).type, 'opened');
    assert.equal((await client.ask('what was the word')).content, 'I see 2');
    assert.ok(gate.api.calls.at(-1)!.transcript.includes('user: the word is plum'));
  });

  test('is refused with CONVERSATION_GONE when its transcript is missing and it must be continued', async () => {
    const session_id = await closed();
    await rm(join(gate.home, '.claude', 'projects'), { recursive: true });
    const calls = gate.api.calls.length;
    const client = await gate.connect();
    assert.deepEqual(refusal(await resume(client, session_id, gate.project)), [
      'CONVERSATION_GONE',
      'The agent no longer has the conversation of this session',
    ]);
    // Nothing began, and the socket can still open it without that demand.
    assert.equal(gate.api.calls.length, calls);
    await client.open({ session_id, project_path: gate.project, epoch: 2, start: true });
    assert.equal((await client.ask('hello')).content, 'You said: hello');
  });
});

test('a session that the journal does not know is refused with CONVERSATION_GONE, and does not begin', async () => {
  const gate = await startTestGateway();
  try {
    const client = await gate.connect();
    const session_id = randomUUID();
    assert.deepEqual(refusal(await resume(client, session_id, gate.project)), [
      'CONVERSATION_GONE',
      'The gateway does not know this session',
    ]);
    const opened = await client.open({ session_id, project_path: gate.project, start: true });
    assert.equal(opened.last_seq, 0);
    await client.ask('hello');
    await client.request({ type: 'release', mode: 'close' });
    assert.equal((await resume(client, session_id, gate.project)).type, 'opened');
  } finally {
    await gate.close();
  }
});
