import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { decisionPrompt } from '../../../../gateway/drivers/claude/gate/decision-prompt.ts';
import { GatedAgent } from '../../../support/gateway/gated-agent.ts';
import { callTool, say, startMessagesApi } from '../../../support/gateway/messages-api.ts';
import type { ApiCall, ApiReply, MessagesApi } from '../../../support/gateway/messages-api.ts';
import { pidsOf } from '../../../support/machine/processes.ts';
import { until } from '../../../support/until.ts';

describe('a call of a subagent, which waits live', () => {
  let api: MessagesApi;
  let agent: GatedAgent;
  before(async () => (api = await startMessagesApi()));
  after(async () => await api.close());
  afterEach(async () => await agent.close());

  const command = 'echo ran >> log';
  const calls = (): ApiCall[] => api.calls.filter(({ conversation }) => conversation === agent.conversation);
  const log = (): string => {
    const path = join(agent.project, 'log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };

  /** The main loop starts one subagent, which makes one call. */
  async function open(liveLimitMs?: number): Promise<void> {
    agent = await GatedAgent.create(api, liveLimitMs === undefined ? {} : { liveLimitMs });
    api.on(agent.conversation, (call): ApiReply => {
      if (call.afterTool) return say('done');
      if (call.lastText === 'work') return callTool('Bash', { command });
      return callTool('Task', {
        description: 'd',
        prompt: 'work',
        subagent_type: 'general-purpose',
        run_in_background: false,
      });
    });
    await agent.start();
    agent.send('go');
    await until('the call is asked about', () => agent.port.asked.length === 1, { limitMs: 60_000 });
  }

  test('runs once after the approval, in the process that asked', async () => {
    await open();
    const [asked] = agent.port.asked;
    assert.deepEqual([asked!.wait, typeof asked!.agent_id, log()], ['live', 'string', '']);
    agent.port.answer({ decision: 'allow' });
    assert.equal((await agent.result(1)).result, 'done');
    assert.deepEqual([log(), agent.port.runs.filter(({ tool }) => tool === 'Bash').length], ['ran\n', 1]);
  });

  test('does not run when it is denied, and the subagent goes on', async () => {
    await open();
    agent.port.answer({ decision: 'deny', reason: 'Not now' });
    await agent.result(1);
    assert.equal(log(), '');
    assert.match(
      calls()
        .map(({ transcript }) => transcript.join('\n'))
        .join('\n'),
      /Not now/,
    );
  });

  test('becomes durable at the limit: the process ends, the API hears nothing more, and the approved call runs once', async () => {
    await open(300);
    await until('the process is gone', () => pidsOf(`claude .*${agent.conversation}`).length === 0);
    const before = calls().length;
    assert.deepEqual([agent.port.putOffs.length, log()], [1, '']);

    agent.port.answer({ decision: 'allow' });
    api.on(agent.conversation, (call) => (call.afterTool ? say('done') : callTool('Bash', { command })));
    await agent.start();
    assert.equal(calls().length, before);
    agent.send(decisionPrompt(agent.port.carriedOver()[0]!));
    const result = await agent.result(agent.results.length + 1);
    assert.deepEqual([result.result, log(), agent.port.asked.length], ['done', 'ran\n', 1]);

    // The approval is used up: the same call is a new one.
    agent.send('again');
    const again = await agent.result(agent.results.length + 1);
    assert.deepEqual([again.stop_reason, log(), agent.port.asked.length], ['tool_deferred', 'ran\n', 2]);
  });
});
