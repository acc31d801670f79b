import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionService } from '../../api/service/service.ts';
import { makeGatewayStandIn } from '../support/temporal/workflows-stand-in.ts';
import { LOCAL, openService } from '../support/api/open-service.ts';
import type { TestService } from '../support/api/open-service.ts';

const KEYED = { message: 'Check git status', context: { source: 'sms', from: '+1' }, idempotency_key: 'key-1' };

async function openSession(opened: TestService, session_id = 's-1'): Promise<SessionService> {
  await opened.service.create(LOCAL, { user_id: 'bob', project_path: opened.project, session_id });
  return opened.service;
}

test('submit() and settled() give the answer with its cost', async (t) => {
  const service = await openSession(openService(t));
  const { message_id } = await service.submit(LOCAL, 's-1', { message: 'hello', idempotency_key: null });
  const { timestamp: _, ...state } = await service.settled(LOCAL, 's-1', message_id, 1_000);
  assert.deepEqual(state, {
    message_id,
    session_id: 's-1',
    status: 'done',
    content: 'answer to hello',
    cost_usd: 0.002000001,
    response_id: `turn-${message_id}`,
    simulated: true,
  });
});

test('submit() under the same key is the same message for ever, and signals no more once the mirror knows it', async (t) => {
  const opened = openService(t);
  const service = await openSession(opened);
  const first = await service.submit(LOCAL, 's-1', KEYED);
  const answer = await service.settled(LOCAL, 's-1', first.message_id, 1_000);
  await service.disconnect(LOCAL, 's-1', 'User requested');
  const again = await service.submit(LOCAL, 's-1', { ...KEYED, context: { from: '+1', source: 'sms' } });
  assert.deepEqual(again, answer);
  assert.deepEqual(opened.workflows.signals, [first.message_id]);
});

test('submit() twice at once under one key makes one message', async (t) => {
  const service = await openSession(openService(t));
  const [one, two] = await Promise.all([service.submit(LOCAL, 's-1', KEYED), service.submit(LOCAL, 's-1', KEYED)]);
  assert.equal(one.message_id, two.message_id);
  assert.equal((await service.get(LOCAL, 's-1')).message_count, 1);
});

test('submit() refuses a key that came with another body, and takes it in another session', async (t) => {
  const opened = openService(t);
  const service = await openSession(opened);
  await openSession(opened, 's-2');
  const first = await service.submit(LOCAL, 's-1', KEYED);
  await assert.rejects(service.submit(LOCAL, 's-1', { ...KEYED, message: 'other' }), { code: 'IDEMPOTENCY_MISMATCH' });
  await assert.rejects(service.submit(LOCAL, 's-1', { ...KEYED, context: {} }), { code: 'IDEMPOTENCY_MISMATCH' });
  assert.notEqual((await service.submit(LOCAL, 's-2', KEYED)).message_id, first.message_id);
});

test('submit() whose answer was lost is completed by its repetition', async (t) => {
  const opened = openService(t);
  const service = await openSession(opened);
  opened.workflows.away = 'after';
  await assert.rejects(service.submit(LOCAL, 's-1', KEYED), { code: 'UNAVAILABLE' });
  opened.workflows.away = null;
  const { message_id } = await service.submit(LOCAL, 's-1', KEYED);
  await service.settled(LOCAL, 's-1', message_id, 1_000);
  assert.equal((await service.history(LOCAL, 's-1', { limit: 10, order: 'asc' })).items.length, 2);
});

test('submit() stores a body over 16 KiB first, and the store is empty once the turn is settled', async (t) => {
  const opened = openService(t);
  const service = await openSession(opened);
  const message = 'x'.repeat(17_000);
  const { message_id } = await service.submit(LOCAL, 's-1', { message, idempotency_key: null });
  await service.settled(LOCAL, 's-1', message_id, 1_000);
  const { items } = await service.history(LOCAL, 's-1', { limit: 1, order: 'asc' });
  assert.equal(items[0]?.message, message);
  assert.equal(opened.db.$client.prepare('SELECT count(*) FROM message_bodies').pluck().get(), 0);
  assert.equal((await opened.deps.mirror.readBody(message_id)).content, message);
  await assert.rejects(opened.deps.mirror.readBody('none'), { code: 'MESSAGE_BODY_LOST' });
});

test('a stored body whose message was never accepted goes with its session', async (t) => {
  const opened = openService(t);
  const service = await openSession(opened);
  const left = (): unknown => opened.db.$client.prepare('SELECT count(*) FROM message_bodies').pluck().get();
  opened.workflows.away = 'before';
  const send = service.submit(LOCAL, 's-1', { message: 'x'.repeat(70_000), idempotency_key: null });
  await assert.rejects(send, { code: 'UNAVAILABLE' });
  assert.equal(left(), 1);
  opened.workflows.away = null;
  await service.disconnect(LOCAL, 's-1', 'User requested');
  assert.equal(left(), 0);
});

test('submit() refuses what the queue has no room for, also when all come at once', async (t) => {
  const opened = openService(t, { limits: { maxSessions: 10, maxSessionsPerUser: 10, queueDepth: 5 } });
  opened.workflows.answers = false;
  const service = await openSession(opened);
  const send = (): Promise<unknown> => service.submit(LOCAL, 's-1', { message: 'hello', idempotency_key: null });
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, send));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 5);
  await assert.rejects(send(), { message: 'Message queue is full for session: s-1', code: 'QUEUE_FULL' });
  assert.equal((await service.get(LOCAL, 's-1')).queued, 5);
});

test('submit() refuses empty messages, ids that are none or taken, and sessions that have ended', async (t) => {
  const opened = openService(t);
  const service = await openSession(opened);
  const uuid = '0b7e5d7e-9f0a-4c39-8b59-0d7a3c6a9d11';
  const send = (over: object, session = 's-1'): Promise<unknown> =>
    service.submit(LOCAL, session, { message: 'hello', idempotency_key: null, ...over });
  await assert.rejects(send({ message: ' \n' }), { code: 'INVALID_REQUEST' });
  await assert.rejects(send({ message_id: 'nonsense' }), { code: 'INVALID_REQUEST' });
  await send({ message_id: uuid });
  await openSession(opened, 's-2');
  await assert.rejects(send({ message_id: uuid }, 's-2'), { code: 'INVALID_REQUEST' });
  await assert.rejects(send({ message_id: uuid, message: 'other' }), { code: 'IDEMPOTENCY_MISMATCH' });
  await service.disconnect(LOCAL, 's-1', 'User requested');
  await assert.rejects(send({}), { message: 'Session is not active: s-1' });
  await assert.rejects(send({}, 'none'), { message: 'Session not found: none' });
});

test('settled() gives what is known when the wait is over, and stops waiting on abort', async (t) => {
  const opened = openService(t);
  opened.workflows.answers = false;
  const service = await openSession(opened);
  const { message_id } = await service.submit(LOCAL, 's-1', { message: 'hello', idempotency_key: null });
  assert.equal((await service.settled(LOCAL, 's-1', message_id, 10)).status, 'queued');
  await assert.rejects(service.settled(LOCAL, 's-1', 'none', 10), { code: 'MESSAGE_NOT_FOUND' });
  await assert.rejects(service.settled(LOCAL, 's-1', message_id, 10_000, AbortSignal.timeout(10)), {
    name: 'TimeoutError',
  });
});

test('disconnect() keeps the first reason', async (t) => {
  const service = await openSession(openService(t));
  const first = await service.disconnect(LOCAL, 's-1', 'Enough');
  assert.equal(first.reason, 'Enough');
  assert.deepEqual(await service.disconnect(LOCAL, 's-1', 'User requested'), first);
});

test('disconnect() ends a session whose workflow is gone', async (t) => {
  const opened = openService(t);
  const service = await openSession(opened);
  opened.workflows.forget('s-1');
  assert.equal((await service.disconnect(LOCAL, 's-1', 'User requested')).reason, 'User requested');
  assert.equal((await service.get(LOCAL, 's-1')).status, 'disconnected');
});

test('cleanup() counts the sessions that were past their idle timeout and ended', async (t) => {
  const opened = openService(t, { defaults: { idle_after_seconds: 0, idle_timeout_seconds: 0 } });
  const service = await openSession(opened);
  await openSession(opened, 'busy');
  await service.create(LOCAL, {
    user_id: 'bob',
    project_path: opened.project,
    session_id: 'patient',
    options: { idle_timeout_seconds: 3600 },
  });
  opened.workflows.busy.add('busy');
  assert.equal(await service.cleanup({ user_id: 'ann', admin: false, via: 'token' }), 0);
  assert.equal(await service.cleanup(LOCAL), 1);
  const { status, reason } = await service.get(LOCAL, 's-1');
  assert.deepEqual({ status, reason }, { status: 'disconnected', reason: 'Idle timeout' });
});

test('interrupt() asks the gateway only for sessions that can have a turn', async (t) => {
  const service = await openSession(openService(t));
  assert.equal(await service.interrupt(LOCAL, 's-1'), true);
  await service.disconnect(LOCAL, 's-1', 'User requested');
  assert.equal(await service.interrupt(LOCAL, 's-1'), false);
});

test('interrupt() of one message asks the gateway for the turn of that message only', async (t) => {
  const gateway = makeGatewayStandIn();
  const service = await openSession(openService(t, { gateway }));
  await service.interrupt(LOCAL, 's-1', '0B0A7A52-F6A1-4D3C-9D0E-5B2C4A7E6F10');
  assert.deepEqual(gateway.interrupted, [['s-1', '0b0a7a52-f6a1-4d3c-9d0e-5b2c4a7e6f10']]);
});

test('the service answers with UNAVAILABLE while the file is closed', async (t) => {
  const opened = openService(t);
  const service = await openSession(opened);
  opened.db.$client.close();
  await assert.rejects(service.get(LOCAL, 's-1'), { message: 'Database cannot be reached', code: 'UNAVAILABLE' });
  await assert.rejects(service.ready(), { code: 'UNAVAILABLE' });
});
