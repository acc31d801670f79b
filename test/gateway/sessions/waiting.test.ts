import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Interaction } from '../../../domain/control/interaction.ts';
import { CALL_COST_NANO, callTool, say } from '../../support/gateway/messages-api.ts';
import { startClaudeGateway } from '../../support/gateway/claude-gateway.ts';
import type { ClaudeGateway } from '../../support/gateway/claude-gateway.ts';
import type { GatewayClient } from '../../support/gateway/gateway-client.ts';
import { until } from '../../support/until.ts';

const OPTIONS = { ceiling: 'bypassPermissions' as const };

describe('a turn that waits for a person, with the real Claude Code', () => {
  let gate: ClaudeGateway;
  before(async () => {
    gate = await startClaudeGateway();
  });
  after(() => gate.close());

  /** A session whose agent asks for one command, and the interaction that is reported for it. */
  async function asked(
    command: string,
  ): Promise<{ client: GatewayClient; message_id: string; interaction: Interaction; session_id: string }> {
    const session_id = randomUUID();
    gate.api.on(null, ({ transcript }) => {
      const result = transcript.find((line) => line.startsWith('tool_result'));
      return result === undefined ? callTool('Bash', { command }) : say(`then: ${result}`);
    });
    const client = await gate.connect();
    await client.open({ session_id, project_path: gate.project, options: OPTIONS });
    const { message_id } = await client.send('go');
    const interaction = await client.until((frame) =>
      frame.type === 'event' && frame.event.type === 'interaction' ? frame.event.interaction : null,
    );
    return { client, message_id, interaction, session_id };
  }
  const noAgent = async (session: string): Promise<void> => {
    await until(
      'the agent to end',
      async () => !(await gate.agents()).some(({ session_id }) => session_id === session),
    );
  };
  const decide = (client: GatewayClient, { interaction_id }: Interaction, answer: object): Promise<unknown> =>
    client.request({ type: 'decide', interaction_id, answer: { ...answer } });
  const read = (name: string): string => {
    const path = join(gate.project, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };

  test('runs the command once after the answer, with no process in between, and costs both calls', async () => {
    const { client, message_id, interaction, session_id } = await asked('echo ran >> one');
    assert.deepEqual(
      [interaction.kind, interaction.status, interaction.message_id],
      ['permission', 'open', message_id],
    );
    await noAgent(session_id);
    assert.equal(read('one'), '');
    await decide(client, interaction, { decision: 'allow' });
    const turn = await client.result(message_id);
    assert.deepEqual([turn.outcome, turn.failure, turn.cost_nano], ['done', null, 2 * CALL_COST_NANO]);
    assert.equal(read('one'), 'ran\n');
    const ran = client.events.flatMap(({ event }) => (event.type === 'tool_ran' ? [event.tool] : []));
    assert.deepEqual(ran, ['Bash']);
    assert.deepEqual(await decide(client, interaction, { decision: 'allow' }), {
      type: 'decided',
      request_id: 4,
      duplicate: true,
    });
  });

  test('does not run a command that is denied, and the model hears the reason', async () => {
    const { client, message_id, interaction } = await asked('echo ran >> two');
    await decide(client, interaction, { decision: 'deny', reason: 'use the other file' });
    const turn = await client.result(message_id);
    assert.equal(turn.outcome, 'done');
    assert.match(turn.content, /use the other file/);
    assert.equal(read('two'), '');
  });

  test('survives a gateway that ends while it waits', async () => {
    const { session_id, message_id, interaction } = await asked('echo ran >> three');
    await noAgent(session_id);
    await gate.restart();
    const client = await gate.connect();
    await client.open({ session_id, project_path: gate.project, options: OPTIONS, epoch: 2 });
    assert.equal((await client.send('go', message_id)).duplicate, true);
    await decide(client, interaction, { decision: 'allow' });
    assert.equal((await client.result(message_id)).outcome, 'done');
    assert.equal(read('three'), 'ran\n');
  });

  test('is settled by an interrupt while it waits', async () => {
    const { client, message_id, session_id } = await asked('echo ran >> four');
    await noAgent(session_id);
    await client.request({ type: 'interrupt', message_id });
    const turn = await client.result(message_id);
    assert.deepEqual([turn.outcome, turn.failure?.code, turn.cost_nano], ['failed', 'INTERRUPTED', CALL_COST_NANO]);
    assert.equal(read('four'), '');
  });
});
