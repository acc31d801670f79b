import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import type { Journal } from '../../../gateway/journal/journal.ts';
import { startTestGateway } from '../../support/gateway/test-gateway.ts';
import type { TestGateway } from '../../support/gateway/test-gateway.ts';

describe('the journal under a gateway', () => {
  let gate: TestGateway;
  let broken = false;
  let calls: string[] = [];

  /** Notes each statement, and fails all transactions while it is broken. */
  function watched(journal: Journal): Journal {
    return new Proxy(journal, {
      get(target, name: string) {
        const own = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        return (...args: unknown[]): unknown => {
          calls.push(name);
          if (broken && name === 'transaction') throw new Error('disk full');
          return own(...args);
        };
      },
    });
  }
  before(async () => {
    gate = await startTestGateway({ around: { journal: watched } });
  });
  after(() => gate.close());

  test('a message takes two commits and seven statements, whatever the session holds', async () => {
    const client = await gate.connect();
    await client.open({ session_id: randomUUID(), project_path: gate.project });
    for (let each = 0; each < 20; each += 1) await client.ask(`warm ${each}`);
    calls = [];
    await client.ask('counted');
    await sleep(20);
    assert.equal(calls.filter((name) => name === 'transaction').length, 2, calls.join(' '));
    assert.equal(calls.length - 2, 7, calls.join(' '));
  });

  test('while it cannot be written new messages are refused at once, and what runs is settled when it can', async () => {
    const client = await gate.connect();
    await client.open({ session_id: randomUUID(), project_path: gate.project });
    const id = randomUUID();
    await client.send('[think 200ms]', id);
    broken = true;
    await sleep(400);
    const began = Date.now();
    const refused = await client.request({ type: 'send', message_id: randomUUID(), content: 'x' });
    assert.deepEqual(refused.type === 'error' && [refused.code, refused.message], [
      'UNAVAILABLE',
      'The journal cannot be written: disk full',
    ]);
    assert.ok(Date.now() - began < 200);
    const health = `${gate.gateway.url.replace('ws', 'http')}/health`;
    assert.equal((await fetch(health)).status, 503);
    broken = false;
    assert.equal((await client.result(id)).outcome, 'done');
    assert.equal((await client.ask('next')).outcome, 'done');
    assert.equal((await fetch(health)).status, 200);
  });
});
