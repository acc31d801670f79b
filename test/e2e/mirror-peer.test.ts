import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { dumpMirror } from '../support/dump-mirror.ts';
import { startPlainPeer, type PlainPeer } from '../support/gateway/plain-peer.ts';
import { jsonLines } from '../support/run-cli.ts';
import { makeSystem, type System } from '../support/system.ts';

let peer: PlainPeer;
let system: System;
let id: string;

before(async () => {
  peer = await startPlainPeer((message) => ({ content: `peer heard: ${message.content}`, cost_usd: 0.025 }));
  system = await makeSystem({ env: { CLAUDE_CODE_WEBSOCKET_URL: peer.url } });
  await system.start();
  await system.cli('user', 'add', 'ann');
  const created = await system.rest('POST', '/sessions', { user_id: 'ann', project_path: system.project });
  id = created.body.session_id as string;
  for (const message of ['one', 'two']) await system.rest('POST', `/sessions/${id}/messages`, { message });
});
after(async () => {
  await system.remove();
  await peer.close();
});

const database = (): string => join(system.home, 'xswarm.db');

test('answers of a plain peer are in the database only: a check allows for it and a rebuild leaves them', async () => {
  const check = await system.cli('mirror', 'check', '--json');
  assert.deepEqual([check.code, jsonLines(check.stdout).at(-1)?.differences], [0, 0], check.stdout);
  const before = dumpMirror(database());
  const rebuilt = await system.cli('mirror', 'rebuild');
  assert.match(rebuilt.stdout, new RegExp(`${id} was left as it is: it talks to a plain peer, which keeps no journal`));
  assert.deepEqual(dumpMirror(database()), before);
});

test('after the database was deleted its questions and its money are there, and what is lost is said', async () => {
  await system.stop();
  for (const end of ['', '-wal', '-shm']) rmSync(`${database()}${end}`, { force: true });
  await system.start();
  const rebuilt = await system.cli('mirror', 'rebuild', '--json');
  assert.equal(rebuilt.code, 0, rebuilt.stdout);
  const page = await system.rest('GET', `/sessions/${id}/messages?order=asc`);
  const messages = page.body.messages as { direction: string; message: string; status: string; cost_usd: number }[];
  assert.deepEqual(
    messages.filter(({ direction }) => direction === 'to_claude').map(({ message, status }) => [message, status]),
    [
      ['one', 'unknown'],
      ['two', 'unknown'],
    ],
  );
  assert.equal((await system.rest('GET', `/sessions/${id}/cost`)).body.cost_usd, 0.05);
  await system.cli('user', 'add', 'ann');
  const answer = await system.rest('POST', `/sessions/${id}/messages`, { message: 'three' });
  assert.deepEqual([answer.status, answer.body.content], [200, 'peer heard: three']);
  assert.equal((await system.rest('GET', `/sessions/${id}/cost`)).body.cost_usd, 0.075);
});
