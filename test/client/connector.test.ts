import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { ClaudeCodeConnector, ConnectorError } from '../../client/index.ts';
import type { ErrorCode } from '../../client/index.ts';
import { waitForAnswer } from '../../client/answer.ts';
import type { Http } from '../../client/http.ts';
import { findServer } from '../../client/server-address.ts';
import { writeServerFile } from '../../client/server-file.ts';
import { RestStandIn } from '../support/api/rest-stand-in.ts';

let server: RestStandIn;
let connector: ClaudeCodeConnector;
const opened: RestStandIn[] = [];

beforeEach(async () => {
  server = await new RestStandIn().listen();
  opened.push(server);
  connector = new ClaudeCodeConnector({ url: server.url, token: 'secret' });
});
after(async () => {
  await Promise.all(opened.map((one) => one.close()));
});

async function codeOf(call: Promise<unknown>): Promise<ErrorCode> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof ConnectorError, String(error));
    return error.code;
  }
  return assert.fail('it succeeded');
}

test("the guide's life of a session: create, connect, send, receive, disconnect", async () => {
  const session = await connector.createSession('user123', '/test');
  assert.deepEqual([session.user_id, session.project_path], ['user123', '/test']);
  await connector.connectSession(session.id);
  const message = await connector.sendMessage(session.id, 'Check git status', { source: 'sms' });
  assert.deepEqual([message.session_id, message.content], [session.id, 'Check git status']);
  const response = await connector.receiveResponse(session.id);
  assert.equal(response?.message_id, message.id);
  assert.deepEqual([response?.content, response?.cost_usd], ['You said: Check git status', 0.0031]);
  assert.equal((await connector.disconnectSession(session.id)).reason, 'User requested');
  assert.equal(await connector.getUserTotalCost('user123'), 0.0031);
});

test('every call carries the token', async () => {
  await connector.listSessions();
  assert.equal(server.requests[0]?.headers.authorization, 'Bearer secret');
});

test('receiveResponse() gives the responses in the order of the messages, then null', async () => {
  const { id } = await connector.createSession('ada', '/test');
  for (const content of ['one', 'two', 'three']) await connector.sendMessage(id, content);
  const contents = [];
  for (let response; (response = await connector.receiveResponse(id)) !== null;) contents.push(response.content);
  assert.deepEqual(contents, ['You said: one', 'You said: two', 'You said: three']);
});

test('receiveResponse() that was aborted is answered by the next call', async () => {
  let release = (): void => undefined;
  const waitFor = new Promise<void>((resolve) => (release = resolve));
  server.answer = () => ({ content: 'late', waitFor });
  const { id } = await connector.createSession('ada', '/test');
  await connector.sendMessage(id, 'slow');
  await assert.rejects(connector.receiveResponse(id, AbortSignal.timeout(100)), { name: 'TimeoutError' });
  release();
  assert.equal((await connector.receiveResponse(id))?.content, 'late');
});

test('a failed turn is a response that says so, not an exception', async () => {
  server.answer = () => ({ content: 'half', outcome: 'unknown', costUsd: 0.5 });
  const { id } = await connector.createSession('ada', '/test');
  const response = await connector.ask(id, 'go');
  assert.deepEqual([response.status, response.content, response.cost_usd], ['unknown', 'half', 0.5]);
  assert.deepEqual(response.error, { code: 'TURN_UNKNOWN', message: 'it went unknown' });
});

test('the id of a response is the id of the answer, and a failed turn reports that it was simulated', async () => {
  const { id } = await connector.createSession('ada', '/test');
  for (const outcome of ['done', 'failed', 'unknown'] as const) {
    server.answer = () => ({ content: 'x', outcome });
    const asked = await connector.ask(id, 'go');
    assert.deepEqual([asked.id, asked.simulated], [`turn-${asked.message_id}`, true], outcome);
    await connector.sendMessage(id, 'go');
    const received = await connector.receiveResponse(id);
    assert.deepEqual([received?.id, received?.simulated], [`turn-${received?.message_id ?? ''}`, true], outcome);
  }
});

test('without a url the connector takes XSWARM_URL, then XSWARM_SERVER_PORT, then the running server, then port 8787', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'xswarm-client-'));
  const env = { XSWARM_HOME: dataDir };
  assert.equal(findServer(env), 'http://127.0.0.1:8787');
  writeServerFile(dataDir, { url: 'http://127.0.0.1:9001', supervisor_url: 'ws://127.0.0.1:9002', version: '1' });
  assert.equal(findServer(env), 'http://127.0.0.1:9001');
  assert.equal(findServer({ ...env, XSWARM_SERVER_PORT: '9003' }), 'http://127.0.0.1:9003');
  assert.equal(findServer({ ...env, XSWARM_SERVER_PORT: '9003', XSWARM_URL: server.url }), server.url);
});

test('a server whose process is gone is not the running server', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'xswarm-client-'));
  const { pid } = spawnSync(process.execPath, ['--version']);
  const file = { url: 'http://127.0.0.1:9001', supervisor_url: 'ws://127.0.0.1:9002', version: '1', pid };
  writeFileSync(join(dataDir, 'server.json'), JSON.stringify(file));
  assert.equal(findServer({ XSWARM_HOME: dataDir }), 'http://127.0.0.1:8787');
});

test('resumeSession() returns the session, and throws the reason where it cannot be resumed', async () => {
  server.addSession('s-ended', { status: 'disconnected', is_active: false, reason: 'Idle timeout' });
  assert.equal((await connector.resumeSession('s-ended')).status, 'active');
  const error = { code: 'AGENT_LOST', message: "the agent's conversation is gone" };
  server.addSession('s-gone', { status: 'disconnected', is_active: false, error });
  await assert.rejects(connector.resumeSession('s-gone'), { code: 'SESSION_NOT_RESUMABLE', message: /is gone$/ });
});

test('presence() resolves without a body, and interrupt() names the message that is meant', async () => {
  const { id } = await connector.createSession('ada', '/test');
  assert.equal(await connector.presence(id), undefined);
  assert.equal(await connector.interrupt(id, { messageId: 'm-1' }), false);
  assert.deepEqual(server.requests.at(-1)?.body, { message_id: 'm-1' });
});

test('a message that still waited when its session ended is a response that says so, too', async () => {
  const told = new ConnectorError('SESSION_NOT_ACTIVE', 'Session is not active: s-1', {
    reached: 'answered',
    details: { message_id: 'm-1', cost_usd: 0 },
  });
  const http: Http = { call: () => Promise.reject(told), open: () => Promise.reject(told) };
  const { message_id, status, error } = await waitForAnswer(http, { sessionId: 's-1', content: 'hi', key: 'k' });
  assert.deepEqual([message_id, status, error?.code], ['m-1', 'failed', 'SESSION_NOT_ACTIVE']);
});

test('a message whose answer was cut off is sent again under its key and carried out once', async () => {
  const { id } = await connector.createSession('ada', '/test');
  server.faults.push('cut_after', 'cut', 503);
  const response = await connector.ask(id, 'once');
  assert.equal(response.content, 'You said: once');
  assert.equal(server.sessions.get(id)?.session.message_count, 1);
  const keys = server.requests.filter(({ method }) => method === 'POST').slice(1);
  assert.equal(new Set(keys.map(({ headers }) => headers['idempotency-key'])).size, 1);
});

test('a create whose answer was cut off is repeated under its id and makes one session', async () => {
  server.faults.push('cut_after');
  await connector.createSession('ada', '/test');
  assert.equal(server.sessions.size, 1);
});

test('interrupt() is never repeated', async () => {
  const { id } = await connector.createSession('ada', '/test');
  server.faults.push('cut_after');
  assert.equal(await codeOf(connector.interrupt(id)), 'UNAVAILABLE');
  assert.equal(server.requests.filter(({ path }) => path.endsWith('/interrupt')).length, 1);
});

test('a retry stops after the stated number', async () => {
  const impatient = new ClaudeCodeConnector({ url: server.url, retries: 2 });
  server.faults.push(503, 503, 503, 503);
  assert.equal(await codeOf(impatient.listSessions()), 'UNAVAILABLE');
  assert.equal(server.requests.length, 3);
});

test('nobody listening is UNAVAILABLE at once where that is asked for', async () => {
  const closed = await new RestStandIn().listen();
  await closed.close();
  const impatient = new ClaudeCodeConnector({ url: closed.url, retryRefused: false });
  const started = performance.now();
  assert.equal(await codeOf(impatient.listSessions()), 'UNAVAILABLE');
  assert.ok(performance.now() - started < 1_000);
});

test('errors of the contract keep their words and code', async () => {
  assert.equal(await codeOf(connector.createSession('nobody', '/test')), 'USER_NOT_FOUND');
  await assert.rejects(connector.getSessionCost('s-404'), {
    code: 'SESSION_NOT_FOUND',
    message: 'Session not found: s-404',
  });
  assert.equal(await connector.getSession('s-404'), null);
});

test('a message to a session that ended is refused', async () => {
  const { id } = await connector.createSession('ada', '/test');
  await connector.disconnectSession(id);
  assert.equal(await codeOf(connector.sendMessage(id, 'hello')), 'SESSION_NOT_ACTIVE');
  assert.equal(await codeOf(connector.connectSession(id)), 'SESSION_NOT_ACTIVE');
});

test('ids that a path cannot hold are escaped', async () => {
  await assert.rejects(connector.getSessionCost('../cost?x=1'), { message: 'Session not found: ../cost?x=1' });
});

test('a failure that is not in the form of the contract is still words and a code', async () => {
  const page = createServer((_, response) => void response.writeHead(404).end('<html>not here</html>'));
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  const { port } = page.address() as AddressInfo;
  const lost = new ClaudeCodeConnector({ url: `http://127.0.0.1:${port}` });
  await assert.rejects(lost.listSessions(), { code: 'NOT_FOUND', message: 'The server answered with HTTP status 404' });
  page.close();
});

test('a page instead of JSON, and an address that is none, are ConnectorErrors, too', async (t) => {
  const page = createServer((_, response) => void response.end('<html>Welcome</html>'));
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  t.after(() => page.close());
  const { port } = page.address() as AddressInfo;
  const lost = new ClaudeCodeConnector({ url: `http://127.0.0.1:${port}` });
  assert.equal(await codeOf(lost.listSessions()), 'INTERNAL');
  assert.throws(() => new ClaudeCodeConnector({ url: 'localhost:8787' }), ConnectorError);
});

test('lists, history, costs and cleanup come as the contract says', async () => {
  const { id } = await connector.createSession('ada', '/test', { title: 'demo' });
  await connector.ask(id, 'hello');
  assert.deepEqual(
    (await connector.getUserSessions('ada')).map((session) => session.title),
    ['demo'],
  );
  assert.deepEqual(
    (await connector.getMessages(id)).items.map(({ message }) => message),
    ['hello'],
  );
  assert.equal((await connector.getSessionCost(id)).cost_usd, 0.0031);
  assert.equal((await connector.getTotalCost({ since: '2024-01-01' })).message_count, 1);
  assert.match(server.requests.at(-1)?.path ?? '', /cost\?since=2024-01-01$/);
  assert.equal(await connector.cleanupIdleSessions(), 2);
});
