import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Interaction } from '../../../../domain/control/interaction.ts';
import type { AgentOptions } from '../../../../protocol/agent-protocol.ts';
import type { GatewayClient } from '../../../support/gateway/gateway-client.ts';
import { startTestGateway } from '../../../support/gateway/test-gateway.ts';
import type { TestGateway } from '../../../support/gateway/test-gateway.ts';

describe('the simulator asks a person', () => {
  let gate: TestGateway;
  let client: GatewayClient;
  before(async () => {
    gate = await startTestGateway();
  });
  after(() => gate.close());

  async function say(content: string, options: AgentOptions = { ceiling: 'bypassPermissions' }): Promise<string> {
    client = await gate.connect();
    await client.open({ session_id: randomUUID(), project_path: gate.project, options });
    return (await client.send(content)).message_id;
  }
  const interactionOf = (messageId: string, kind: string): Promise<Interaction> =>
    client.until((frame) => {
      if (frame.type !== 'event' || frame.event.type !== 'interaction') return null;
      const { interaction } = frame.event;
      return interaction.message_id === messageId && interaction.kind === kind ? interaction : null;
    });
  const decide = ({ interaction_id }: Interaction, answer: object): Promise<unknown> =>
    client.request({ type: 'decide', interaction_id, answer: { ...answer } });

  test('once for each step, continues after each answer, and settles the message with one result', async () => {
    const id = await say('[ask Bash npm test] [question Which colour? | Red | Blue] [plan Paint it]');
    await decide(await interactionOf(id, 'permission'), { decision: 'allow' });
    await decide(await interactionOf(id, 'question'), { answers: { 'Which colour?': 'Red' } });
    await decide(await interactionOf(id, 'plan'), { decision: 'approve' });
    const turn = await client.result(id);
    assert.deepEqual([turn.outcome, turn.message_id], ['done', id]);
    const ran = client.events.filter(({ event }) => event.type === 'tool_ran');
    assert.equal(ran.length, 3);
  });

  test('and stops where the person says so', async () => {
    const id = await say('[ask Bash rm -r build] [cost 0.25]');
    await decide(await interactionOf(id, 'permission'), { decision: 'deny_and_stop' });
    assert.equal((await client.result(id)).outcome, 'failed');
  });

  test('but is denied at once in a session without a ceiling', async () => {
    const id = await say('[ask Bash npm test]', {});
    assert.equal((await client.result(id)).outcome, 'done');
    const decisions = client.events.flatMap(({ event }) => (event.type === 'permission' ? [event.decision] : []));
    assert.deepEqual(decisions, ['denied']);
  });
});
