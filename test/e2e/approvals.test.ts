import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { until } from '../support/until.ts';

/** The whole product with the simulator, which asks as a message tells it to. */
describe('what a session asks is answered by the command line', () => {
  let system: System;

  const send = async (message: string): Promise<string> => {
    const { status, body } = await system.rest('POST', '/sessions/s/messages', { message });
    assert.deepEqual([status, body['status']], [202, 'waiting']);
    return String(body['message_id']);
  };
  const settled = async (id: string): Promise<unknown> =>
    await until('the turn is settled', async () => {
      const { status } = (await system.rest('GET', `/sessions/s/messages/${id}`)).body;
      return status === 'waiting' || status === 'sent' ? null : status;
    });
  const answerOf = async (number: number): Promise<unknown> => {
    const { interactions } = (await system.rest('GET', '/inbox?status=answered')).body;
    const { answer, answered_via } = (interactions as Record<string, unknown>[])[number - 1] ?? {};
    return [answer, answered_via];
  };

  before(async () => {
    system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator' } });
    await system.start();
    await system.cli('user', 'add', 'ada', '--admin');
    await system.rest('POST', '/sessions', { user_id: 'ada', project_path: system.project, session_id: 's' });
  });
  after(async () => await system?.remove());

  test('a tool call with another input, after everything was stopped and started again', async () => {
    const id = await send('[ask Bash npm test] go on');
    await system.stop();
    await system.start();
    const [asked] = (await system.cli('inbox', '--json')).stdout.trim().split('\n');
    assert.equal((JSON.parse(asked ?? '{}') as { title?: string }).title, 'Bash: npm test');
    const approved = await system.cli('approve', '1', '--input', '{"command": "npm test -- --bail"}');
    assert.deepEqual([approved.code, approved.stdout], [0, 'Approved: Bash: npm test\n']);
    assert.equal(await settled(id), 'done');
    assert.deepEqual(await answerOf(1), [
      { decision: 'allow', updated_input: { command: 'npm test -- --bail' } },
      'cli',
    ]);
  });

  test('a refusal with a reason, and a question', async () => {
    const denied = await send('[ask Bash rm -rf build] clean');
    assert.equal((await system.cli('deny', '1', '--reason', 'Use make clean')).stdout, 'Denied: Bash: rm -rf build\n');
    await settled(denied);
    assert.deepEqual(await answerOf(2), [{ decision: 'deny', reason: 'Use make clean' }, 'cli']);
    const asked = await send('[question Which colour? | Red | Blue] choose');
    const wrong = await system.cli('approve', '1');
    assert.deepEqual([wrong.code, /xswarm answer/.test(wrong.stderr)], [2, true]);
    assert.equal((await system.cli('answer', '1', 'Blue')).stdout, 'Answered: Which colour?\n');
    assert.equal(await settled(asked), 'done');
    assert.deepEqual(await answerOf(3), [{ answers: { 'Which colour?': 'Blue' } }, 'cli']);
    assert.equal((await system.cli('inbox')).stdout, 'Nothing waits for you\n');
    const nothing = await system.cli('approve', '1');
    assert.deepEqual([nothing.code, nothing.stderr.includes('Nothing open has the number 1')], [2, true]);
  });

  test('the mirror agrees with Temporal and the journal afterwards', async () => {
    assert.deepEqual((await system.cli('mirror', 'check')).code, 0);
  });
});
