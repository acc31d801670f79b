import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startClaudeGateway, type ClaudeGateway } from '../support/gateway/claude-gateway.ts';
import type { GatewayClient } from '../support/gateway/gateway-client.ts';

describe('one owner of a conversation, with the real Claude Code', () => {
  let gate: ClaudeGateway;
  before(async () => {
    gate = await startClaudeGateway();
  });
  after(() => gate.close());

  async function open(session_id: string): Promise<GatewayClient> {
    const client = await gate.connect();
    await client.open({ session_id, project_path: gate.project, options: {}, start: true });
    return client;
  }

  const lastCall = (): string[] => gate.api.calls.at(-1)!.transcript;

  test('an id that differs only in capitals does not reach the conversation', async () => {
    const id = `abcdefab-${randomUUID().slice(9)}`;
    await (await open(id)).ask('the secret is 4711');
    await (await open(id.toUpperCase())).ask('what is the secret');
    assert.deepEqual(lastCall(), ['user: what is the secret']);
  });

  test('the id of the record of a conversation that is not in the journal does not reach it', async () => {
    const id = randomUUID();
    const folder = join(gate.home, '.claude', 'projects', gate.project.replace(/[^A-Za-z0-9]/g, '-'));
    await mkdir(folder, { recursive: true });
    const message = { role: 'user', content: 'the secret is 4711' };
    const line = { type: 'user', uuid: randomUUID(), parentUuid: null, sessionId: id, cwd: gate.project, message };
    await writeFile(join(folder, `${id}.jsonl`), `${JSON.stringify(line)}\n`);
    await (await open(id)).ask('what is the secret');
    assert.deepEqual(lastCall(), ['user: what is the secret']);
  });
});
