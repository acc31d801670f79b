import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { startClaudeGateway } from '../../../support/gateway/claude-gateway.ts';
import { CALL_COST_NANO, claudeEnv } from '../../../support/gateway/messages-api.ts';
import type { MessagesApi } from '../../../support/gateway/messages-api.ts';

/** The environment of a user who has turned nothing off. */
function plainEnv(api: MessagesApi, home: string): NodeJS.ProcessEnv {
  return { ...claudeEnv(api, home), CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: undefined };
}

test('three turns of a new session make three calls of the API, and nobody pays for more', async () => {
  const gate = await startClaudeGateway((home, api) => ({ env: plainEnv(api, home) }));
  try {
    const client = await gate.connect();
    await client.open({ session_id: randomUUID(), project_path: gate.project, start: true });
    let cost = 0;
    for (const text of [
      'fix the failing tests of the parser',
      'now write the notes of the release',
      'and commit both',
    ]) {
      cost += (await client.ask(text)).cost_nano ?? 0;
    }
    // The end of the process books what is still under way.
    await client.request({ type: 'release', mode: 'close' });
    const asked = gate.api.calls.map((call) => call.lastText.slice(0, 60));
    assert.deepEqual([asked.length, cost], [3, 3 * CALL_COST_NANO], asked.join(' | '));
  } finally {
    await gate.close();
  }
});
