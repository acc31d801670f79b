import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { submitMessage, workflowIdOf } from '../../workflows/definitions.ts';
import { makeSystem, type System } from '../support/system.ts';
import { until } from '../support/until.ts';

/** Each stands in another part of a session. None is a word of the product. */
const PRIVATE = ['zebra-title', 'zebra-model', 'zebra-question', 'zebra-context', 'zebra-failure', 'zebra-reason'];

let system: System;
before(async () => {
  system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator' } });
  await system.start();
  await system.cli('user', 'add', 'ann', '--admin');
});
after(() => system.remove());

async function talk(): Promise<string> {
  const options = { model: 'zebra-model' };
  const body = { user_id: 'ann', project_path: system.project, title: 'zebra-title', options };
  const made = await system.rest('POST', '/sessions', body);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const id = String(made.body.session_id);
  const context = { note: 'zebra-context' };
  const answer = await system.rest('POST', `/sessions/${id}/messages`, { message: 'say zebra-question', context });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const failed = await system.rest('POST', `/sessions/${id}/messages`, { message: '[fail zebra-failure] now' });
  assert.equal(failed.status, 502, JSON.stringify(failed.body));
  return id;
}

/** All files of Temporal, its write-ahead log included, as text. */
function temporalFiles(): string {
  const folder = join(system.home, 'temporal');
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(folder, name), 'latin1'))
    .join('\n');
}

test('neither the history of a session nor any file of Temporal holds plain text of it', async () => {
  const id = await talk();
  const ended = await system.rest('DELETE', `/sessions/${id}`, { reason: 'zebra-reason' });
  assert.equal(ended.status, 200);
  const connection = await Connection.connect({ address: system.temporalAddress });
  const handle = new Client({ connection }).workflow.getHandle(workflowIdOf(id));
  await until('the workflow ends', async () => (await handle.describe()).status.name === 'COMPLETED');
  const description = JSON.stringify((await handle.describe()).raw);
  const history = historyToJSON(await handle.fetchHistory());
  await connection.close();

  assert.match(history, new RegExp(submitMessage.name));
  const decoded = history.replace(/"data":\s*"([^"]*)"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString('latin1'),
  );
  const files = temporalFiles();
  assert.ok(files.includes(workflowIdOf(id)));
  for (const word of [...PRIVATE, system.project]) {
    for (const [where, text] of Object.entries({ history, decoded, description, files })) {
      assert.ok(!text.includes(word), `${word} is in the ${where}`);
    }
  }
});

test('what Temporal holds is read through the product: mirror check agrees, and a lost database is made again', async () => {
  const check = await system.cli('mirror', 'check', '--json');
  assert.equal(check.code, 0, check.stdout + check.stderr);
  await system.stop();
  for (const rest of ['', '-wal', '-shm']) rmSync(join(system.home, `xswarm.db${rest}`), { force: true });
  await system.start();
  await system.cli('user', 'add', 'ann', '--admin');
  const messages = await until('the messages are back', async () => {
    const { body } = await system.rest('GET', '/sessions?user_id=ann');
    const [session] = body.sessions as { id: string }[];
    const page = await system.rest('GET', `/sessions/${session?.id}/messages?order=asc`);
    const found = (page.body.messages as { content: string }[]).map(({ content }) => content);
    return found.length >= 3 && found;
  });
  assert.equal(messages[0], 'say zebra-question');
});

test('a forged signal to a running session is dropped with a warning in the log, and the session continues', async () => {
  const made = await system.rest('POST', '/sessions', { user_id: 'ann', project_path: system.project });
  const id = String(made.body.session_id);
  const connection = await Connection.connect({ address: system.temporalAddress });
  const handle = new Client({ connection }).workflow.getHandle(workflowIdOf(id));
  await handle.signal(submitMessage, { message_id: crypto.randomUUID(), content: 'forged' });
  await connection.close();
  const answer = await system.rest('POST', `/sessions/${id}/messages`, { message: 'ours' });
  assert.equal(answer.status, 200);
  assert.equal((await system.rest('GET', `/sessions/${id}`)).body.message_count, 1);
  const log = (): string => readFileSync(join(system.home, 'logs', 'app.log'), 'utf8');
  await until('the warning', () => /"level":40.*dropped a forged signal/.test(log()), {
    seen: () => log().slice(-2_000),
  });
});

test('a start without the payload keys is refused with what to do, and works again once they are back', async () => {
  await system.stop();
  const path = join(system.home, 'secrets', 'payload-keys');
  const keys = readFileSync(path, 'utf8');
  rmSync(path);
  const doctor = await system.cli('doctor', '--json');
  assert.match(doctor.stdout, /"check":"Payload keys","state":"fail"/);
  await assert.rejects(system.start(), /Payload keys are lost: [0-9a-f]{8}\. .*Put secrets\/payload-keys/s);
  writeFileSync(path, keys, { mode: 0o600 });
  await system.start();
  const { body } = await system.rest('GET', '/sessions?user_id=ann&status=active');
  assert.equal((body.sessions as unknown[]).length, 1);
});
