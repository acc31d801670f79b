import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { GatewayClient } from '../../support/gateway/gateway-client.ts';
import { startTestGateway } from '../../support/gateway/test-gateway.ts';
import type { TestGateway } from '../../support/gateway/test-gateway.ts';

describe('a session with the simulator', () => {
  let gate: TestGateway;
  before(async () => {
    gate = await startTestGateway();
  });
  after(() => gate.close());

  async function open(
    sessionId: string = randomUUID(),
    more: { epoch?: number; after_seq?: number; start?: boolean } = {},
  ): Promise<GatewayClient> {
    const client = await gate.connect();
    await client.open({ session_id: sessionId, project_path: gate.project, ...more });
    return client;
  }

  test('open answers with the agent, the lease and the newest number', async () => {
    const client = await gate.connect();
    const sessionId = randomUUID();
    const opened = await client.open({ session_id: sessionId, project_path: gate.project, epoch: 7, start: true });
    assert.deepEqual(opened, {
      type: 'opened',
      request_id: 1,
      session_id: sessionId,
      epoch: 7,
      agent: 'simulator',
      simulated: true,
      last_seq: 0,
      background_tasks: 0,
    });
  });

  test('a session that was closed takes messages again only after an open with start', async () => {
    const id = randomUUID();
    const client = await open(id, { start: true });
    await client.ask('before');
    await client.request({ type: 'release', mode: 'close', reason: 'User requested' });
    const late = await open(id);
    const refused = await late.request({ type: 'send', message_id: randomUUID(), content: 'late' });
    assert.equal(refused.type === 'error' && refused.code, 'NOT_OPEN');
    const released = await late.request({ type: 'release', mode: 'close', reason: 'again' });
    assert.deepEqual([released.type, late.events.at(-1)?.event.type], ['released', 'result']);
    const back = await open(id, { epoch: 2, start: true });
    assert.equal((await back.ask('after')).outcome, 'done');
  });

  test('a message is accepted, answered, priced above zero and labelled simulated', async () => {
    const client = await open();
    const id = randomUUID();
    const turn = await client.ask('hello there', id);
    assert.equal(turn.outcome, 'done');
    assert.match(turn.content, /hello there/);
    assert.equal(turn.message_id, id);
    assert.ok(turn.cost_nano !== null && turn.cost_nano > 0);
    assert.equal(
      turn.usage.reduce((sum, each) => sum + each.cost_nano, 0),
      turn.cost_nano,
    );
    assert.equal(turn.simulated, true);
    assert.deepEqual(
      client.events.map(({ seq, event }) => [seq, event.type]),
      [
        [1, 'accepted'],
        [2, 'text'],
        [3, 'result'],
      ],
    );
  });

  test('the accepted event holds content and context, so that a mirror can be made from it', async () => {
    const client = await open();
    const id = randomUUID();
    await client.send('with context', id, { file: 'a.ts', deep: { n: 1 } });
    await client.result(id);
    const { timestamp, ...accepted } = client.events[0]!.event;
    assert.match(timestamp, /Z$/);
    assert.deepEqual(accepted, {
      type: 'accepted',
      message_id: id,
      content: 'with context',
      context: { file: 'a.ts', deep: { n: 1 } },
    });
  });

  test('the same message id is the same message for ever', async () => {
    const sessionId = randomUUID();
    const client = await open(sessionId);
    const id = randomUUID();
    await client.ask('once', id);
    const again = await client.send('once', id);
    assert.deepEqual([again.duplicate, again.seq, again.result_seq], [true, 1, 3]);
    const two = await Promise.all([client.send('twin', randomUUID()), client.send('twin', id)]);
    assert.deepEqual(
      two.map((each) => each.duplicate),
      [false, true],
    );
  });

  test('two frames with one new id at once are one turn', async () => {
    const client = await open();
    const id = randomUUID();
    const answers = await Promise.all([client.send('x', id), client.send('x', id), client.send('x', id)]);
    assert.deepEqual(answers.map((each) => each.duplicate).sort(), [false, true, true]);
    await client.result(id);
    assert.equal(client.events.filter(({ event }) => event.type === 'accepted').length, 1);
  });

  test('messages sent while a turn runs are journalled and run after it, in order', async () => {
    const client = await open();
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    await client.send('[think 100ms] first', ids[0]);
    await client.send('second', ids[1]);
    await client.send('third', ids[2]);
    await client.result(ids[2]!);
    const results = client.events.flatMap(({ event }) => (event.type === 'result' ? [event.turn.message_id] : []));
    assert.deepEqual(results, ids);
  });

  test('after a reconnect the events go on behind the given number, without a hole or a repeat', async () => {
    const sessionId = randomUUID();
    const first = await open(sessionId);
    await first.ask('one');
    await first.send('[think 150ms] two');
    await first.close();
    const second = await open(sessionId, { after_seq: 2 });
    await second.until((frame) => frame.type === 'event' && frame.seq === 6);
    assert.deepEqual(
      second.events.map(({ seq }) => seq),
      [3, 4, 5, 6],
    );
  });

  test('a socket that goes away does not stop the turn', async () => {
    const sessionId = randomUUID();
    const first = await open(sessionId);
    const id = randomUUID();
    await first.send('[think 100ms] still', id);
    await first.close();
    const second = await open(sessionId);
    assert.equal((await second.result(id)).outcome, 'done');
  });

  test('a backfill of thousands of events arrives whole', async () => {
    const sessionId = randomUUID();
    const first = await open(sessionId);
    const ids = Array.from({ length: 500 }, () => randomUUID());
    await Promise.all(ids.map((id) => first.send('many', id)));
    await first.result(ids.at(-1)!);
    const second = await open(sessionId);
    await second.until((frame) => frame.type === 'event' && frame.seq === 1500);
    assert.deepEqual(
      second.events.map(({ seq }) => seq),
      Array.from({ length: 1500 }, (_, index) => index + 1),
    );
  });

  test('a higher epoch takes over and the older socket is told so', async () => {
    const sessionId = randomUUID();
    const old = await open(sessionId, { epoch: 1 });
    await open(sessionId, { epoch: 2 });
    assert.equal((await old.closed).code, 4409);
    assert.ok(old.frames.some((frame) => frame.type === 'error' && frame.code === 'LEASE_LOST'));
  });

  test('a lower epoch is refused', async () => {
    const sessionId = randomUUID();
    await open(sessionId, { epoch: 5 });
    const late = await gate.connect();
    await assert.rejects(late.open({ session_id: sessionId, project_path: gate.project, epoch: 4 }), /LEASE_LOST/);
    assert.equal((await late.closed).code, 4409);
  });

  test('an equal epoch replaces the socket', async () => {
    const sessionId = randomUUID();
    const old = await open(sessionId, { epoch: 3 });
    const next = await open(sessionId, { epoch: 3 });
    assert.deepEqual(await old.closed, { code: 4409, reason: 'replaced by another socket' });
    assert.equal((await next.ask('still here')).outcome, 'done');
  });

  test('interrupt stops the running turn and the session goes on', async () => {
    const client = await open();
    const id = randomUUID();
    await client.send('[hang]', id);
    const answer = await client.request({ type: 'interrupt' });
    assert.deepEqual(answer, { type: 'interrupted', request_id: answer.request_id, interrupted: true });
    const turn = await client.result(id);
    assert.deepEqual([turn.outcome, turn.failure?.code], ['failed', 'INTERRUPTED']);
    assert.equal((await client.ask('next')).outcome, 'done');
  });

  test('interrupt says so when nothing runs', async () => {
    const client = await open();
    assert.equal(((await client.request({ type: 'interrupt' })) as { interrupted: boolean }).interrupted, false);
  });

  test('release close settles the running turn and those that wait', async () => {
    const client = await open();
    const ids = [randomUUID(), randomUUID()];
    await client.send('[hang]', ids[0]);
    await client.send('waits', ids[1]);
    assert.equal((await client.request({ type: 'release', mode: 'close', reason: 'User requested' })).type, 'released');
    const turns = [await client.result(ids[0]!), await client.result(ids[1]!)];
    assert.deepEqual(
      turns.map((turn) => [turn.outcome, turn.failure?.code]),
      [
        ['failed', 'SESSION_CLOSED'],
        ['failed', 'SESSION_CLOSED'],
      ],
    );
    const refused = await client.request({ type: 'send', message_id: randomUUID(), content: 'late' });
    assert.equal(refused.type === 'error' && refused.code, 'NOT_OPEN');
  });

  test('release idle is refused while a turn runs, and lets the agent go afterwards', async () => {
    const client = await open();
    const id = randomUUID();
    await client.send('[think 100ms] work', id);
    const busy = await client.request({ type: 'release', mode: 'idle' });
    assert.equal(busy.type === 'error' && busy.code, 'BUSY');
    await client.result(id);
    assert.equal((await client.request({ type: 'release', mode: 'idle' })).type, 'released');
    assert.match((await client.ask('[recall]')).content, /1\. \[think 100ms\] work/);
  });

  test('a folder that is not there is refused with the path', async () => {
    const client = await gate.connect();
    const project_path = join(gate.project, 'missing');
    const answer = await client.request({
      type: 'open',
      session_id: randomUUID(),
      epoch: 1,
      project_path,
      options: {},
      after_seq: 0,
      start: false,
    });
    assert.deepEqual(answer, {
      type: 'error',
      request_id: 1,
      code: 'PROJECT_PATH',
      message: `Project path not found: ${project_path}`,
    });
  });

  test('what is over or runs is told when the folder has gone since, and nothing begins there', async () => {
    const project_path = await mkdtemp(join(gate.project, 'worktree-'));
    const sessionId = randomUUID();
    const first = await gate.connect();
    await first.open({ session_id: sessionId, project_path });
    const { outcome } = await first.ask('[chars 100] remove this worktree');
    const { message_id } = await first.send('[think 300ms] and go on');
    await rm(project_path, { recursive: true });

    const second = await gate.connect();
    await second.open({ session_id: sessionId, project_path });
    assert.equal((await second.result(message_id)).outcome, outcome);
    const again = await second.send('[think 300ms] and go on', message_id);
    assert.equal(again.duplicate, true);
    const more = await second.request({ type: 'send', message_id: randomUUID(), content: 'more' });
    assert.equal(more.type === 'error' && more.code, 'PROJECT_PATH');
    const starting = second.open({ session_id: sessionId, project_path, start: true });
    await assert.rejects(starting, /PROJECT_PATH/);
  });

  test('a folder outside the roots is refused, also by way of a link, and one inside is opened', async () => {
    const rooted = await startTestGateway({ projectRoots: [gate.project] });
    const inside = await mkdtemp(join(gate.project, 'inside-'));
    await symlink(rooted.project, join(gate.project, 'way-out'));
    const client = await rooted.connect();
    for (const project_path of [rooted.project, join(gate.project, 'way-out'), join(inside, '..', '..')]) {
      const opening = client.open({ session_id: randomUUID(), project_path });
      await assert.rejects(
        opening,
        new RegExp(`PROJECT_PATH.*Project path not inside an allowed root: ${project_path}`),
      );
    }
    await client.open({ session_id: randomUUID(), project_path: inside });
    await rooted.close();
  });

  test('a gateway that stops opens no session, whose agent would outlive it', async () => {
    const stopping = await startTestGateway();
    const [busy, late] = [await stopping.connect(), await stopping.connect()];
    await busy.open({ session_id: randomUUID(), project_path: stopping.project });
    await busy.send('[hang]');
    const closed = stopping.gateway.close({ graceMs: 300 });
    await assert.rejects(
      late.open({ session_id: randomUUID(), project_path: stopping.project, start: true }),
      /UNAVAILABLE.*is stopping/,
    );
    await closed;
    await stopping.close();
  });

  test('a frame before open is refused and the socket stays', async () => {
    const client = await gate.connect();
    const refused = await client.request({ type: 'interrupt' });
    assert.equal(refused.type === 'error' && refused.code, 'NOT_OPEN');
    await client.open({ session_id: randomUUID(), project_path: gate.project });
  });
});
