import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { startGatewayProcess } from '../../support/gateway/gateway-process.ts';
import { callTool, claudeEnv, say, startMessagesApi } from '../../support/gateway/messages-api.ts';
import { until } from '../../support/until.ts';

test('a gateway that is killed while a turn waits continues it, and the command runs once', async () => {
  const api = await startMessagesApi();
  const gateway = await startGatewayProcess((home) => ({ agent: 'claude', env: claudeEnv(api, home) }));
  try {
    api.on(null, ({ transcript }) =>
      transcript.some((line) => line.startsWith('tool_result'))
        ? say('done')
        : callTool('Bash', { command: 'echo ran >> log' }),
    );
    const wish = {
      session_id: randomUUID(),
      project_path: gateway.project,
      options: { ceiling: 'bypassPermissions' as const },
    };
    const first = await gateway.connect();
    await first.open(wish);
    const { message_id } = await first.send('go');
    const interaction_id = await first.until((frame) =>
      frame.type === 'event' && frame.event.type === 'interaction' ? frame.event.interaction.interaction_id : null,
    );
    const journal = new Database(join(gateway.dataDir, 'gateway.db'), { readonly: true });
    const waits = journal.prepare('SELECT waits_for FROM turns WHERE waits_for IS NOT NULL');
    await until('the turn to wait', () => waits.get() !== undefined);
    journal.close();
    await gateway.kill();
    await gateway.start();
    const second = await gateway.connect();
    await second.open({ ...wish, epoch: 2 });
    await second.request({ type: 'decide', interaction_id, answer: { decision: 'allow' } });
    assert.equal((await second.result(message_id)).outcome, 'done');
    assert.equal(readFileSync(join(gateway.project, 'log'), 'utf8'), 'ran\n');
  } finally {
    await gateway.close();
    await api.close();
  }
});
