import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AgentDriver } from '../../../gateway/drivers/driver.ts';
import { startClaudeGateway, type ClaudeGateway } from '../../support/gateway/claude-gateway.ts';
import type { GatewayClient } from '../../support/gateway/gateway-client.ts';
import { CALL_COST_NANO, callTool, gate as makeGate, say } from '../../support/gateway/messages-api.ts';
import { killAgent, pidsOf } from '../../support/machine/processes.ts';

describe('Claude Code writes its record some 100 ms behind what it does, and a kill takes that away', () => {
  let gate: ClaudeGateway;
  before(async () => {
    gate = await startClaudeGateway((home) => ({
      around: { driver: (driver) => forgetful(driver, home) },
    }));
  });
  after(() => gate.close());

  /** Takes out of the transcript what a kill at once would have left unwritten: the whole turn. */
  function forgetful(driver: AgentDriver, home: string): AgentDriver {
    return {
      ...driver,
      async inspect(conversation, turn) {
        const projects = join(home, '.claude', 'projects');
        for (const folder of await readdir(projects)) {
          const file = join(projects, folder, `${conversation.id}.jsonl`);
          const lines = (await readFile(file, 'utf8')).split('\n');
          const began = lines.findIndex((line) => line.includes('"enqueue"') && line.includes('"write'));
          if (began !== -1) await writeFile(file, `${lines.slice(0, began).join('\n')}\n`);
        }
        return driver.inspect(conversation, turn);
      },
    };
  }

  /** A session that is killed when its second turn has written a file and says the end. */
  async function cut(sessionId: string, on_interrupt?: 'continue'): Promise<[GatewayClient, string]> {
    const hold = makeGate();
    gate.api.on(sessionId, (call) => {
      if (call.lastText.startsWith('write')) {
        return callTool('Write', { file_path: join(gate.project, sessionId), content: '' });
      }
      return call.afterTool ? say('the end that never comes', { hold: hold.opened }) : say('an answer');
    });
    const client = await gate.connect();
    const options = { permission_mode: 'acceptEdits' as const, on_interrupt };
    await client.open({ session_id: sessionId, project_path: gate.project, options });
    await client.ask('hello');
    const id = randomUUID();
    await client.send('write it', id, { branch: 'main' });
    await client.until((frame) => frame.type === 'delta' && frame.text.startsWith('the end'));
    killAgent(sessionId);
    return [client, id];
  }

  test('report: unknown and not run again, with what was seen of its cost; the next turn goes through', async () => {
    const sessionId = randomUUID();
    const [client, id] = await cut(sessionId);
    const turn = await client.result(id);
    assert.deepEqual([turn.outcome, turn.failure?.code], ['unknown', 'TURN_UNKNOWN']);
    assert.ok(turn.cost_nano! > CALL_COST_NANO, `${turn.cost_nano}`);
    assert.equal((await client.ask('next')).outcome, 'done');
  });

  test('continue: Claude is told the message again and what was seen of it, and ends the turn', async () => {
    const sessionId = randomUUID();
    const [client, id] = await cut(sessionId, 'continue');
    const turn = await client.result(id);
    assert.deepEqual([turn.outcome, turn.content], ['done', 'an answer']);
    const asked = gate.api.calls.findLast((call) => call.conversation === sessionId)!.transcript.slice(2);
    assert.equal(asked.length, 1);
    assert.match(asked[0]!, /^user: Continue from where you left off\..*record of the message.*is lost/);
    assert.match(asked[0]!, /- Write \(.*\): done: File created.*The message:\n\nwrite it\n\n<context>.*main/s);
    assert.equal((await client.ask('next')).outcome, 'done');
  });

  test('between turns nothing is lost: the record is written before the result is told', async () => {
    const sessionId = randomUUID();
    gate.api.on(sessionId, (call) => say(call.transcript.join(' | ')));
    const client = await gate.connect();
    await client.open({ session_id: sessionId, project_path: gate.project });
    const id = randomUUID();
    await client.send('one', id);
    const [pid] = await client.until((frame) => frame.type === 'delta' && pidsOf(`claude .*${sessionId}`));
    await client.result(id);
    process.kill(pid!, 'SIGKILL');
    assert.equal((await client.ask('two')).content, 'user: one | assistant: user: one | user: two');
  });
});
