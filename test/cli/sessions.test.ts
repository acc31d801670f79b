import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { CliResult } from '../support/run-cli.ts';
import { writeServerFile } from '../../client/server-file.ts';
import { jsonLines, runCli, tempDataDir } from '../support/run-cli.ts';
import { RestStandIn } from '../support/api/rest-stand-in.ts';

let server: RestStandIn;
before(async () => {
  server = await new RestStandIn().listen();
});
after(async () => {
  await server.close();
});

const xswarm = async (...args: string[]): Promise<CliResult> => await runCli(args, { env: { XSWARM_URL: server.url } });
const talk = async (stdin: string, ...args: string[]): Promise<CliResult> =>
  await runCli(args, { stdin, env: { XSWARM_URL: server.url } });

test('claude new prints the id of the session and nothing else on stdout', async () => {
  const { exitCode, stdout, stderr } = await xswarm('claude', 'new', '--user', 'ada', '--project', '/projects/shop');
  assert.equal(exitCode, 0);
  const session = server.sessions.get(stdout.trim())?.session;
  assert.deepEqual([session?.user_id, session?.project_path], ['ada', '/projects/shop']);
  assert.match(stderr, /simulated/);
});

test('claude new --json prints the session as one line', async () => {
  const { stdout } = await xswarm('claude', 'new', '--user', 'ada', '--title', 'demo', '--json');
  const [session, ...more] = jsonLines(stdout);
  assert.deepEqual([session?.title, session?.status, more.length], ['demo', 'active', 0]);
});

test('claude new for an unknown user says how to add one', async () => {
  const { exitCode, stdout, stderr } = await xswarm('claude', 'new', '--user', 'nobody');
  assert.deepEqual([exitCode, stdout], [1, '']);
  assert.equal(stderr, 'User not found: nobody: add the user with `xswarm user add <id>`\n');
});

test('claude send prints the answer, claude cost and status show what it cost', async () => {
  server.addSession('s-send', { user_id: 'grace' });
  assert.deepEqual(await xswarm('claude', 'send', 's-send', 'hello', 'there'), {
    exitCode: 0,
    stdout: 'You said: hello there\n',
    stderr: '',
  });
  assert.match((await xswarm('claude', 'cost', 'grace')).stdout, /^grace: \$0\.0031 \(1 session, 1 message\)$/m);
  const row = (await xswarm('claude', 'status')).stdout.split('\n').find((line) => line.startsWith('s-send'));
  assert.match(row ?? '', /^s-send +active +grace +\/projects\/demo +1 +\$0\.0031 +(now|\d+s ago)$/);
});

test('claude send - reads the message from stdin', async () => {
  server.addSession('s-stdin');
  assert.equal((await talk('two\nlines\n', 'claude', 'send', 's-stdin', '-')).stdout, 'You said: two\nlines\n\n');
});

test('claude send of a turn that failed prints what there was and ends with 1', async () => {
  server.addSession('s-fail');
  const usual = server.answer;
  server.answer = () => ({ content: 'half an answer', outcome: 'failed' });
  const result = await xswarm('claude', 'send', 's-fail', 'go');
  server.answer = usual;
  assert.deepEqual(result, { exitCode: 1, stdout: 'half an answer\n', stderr: 'it went failed\n' });
});

test('claude send --no-wait prints the message id at once', async () => {
  server.addSession('s-async');
  const { stdout } = await xswarm('claude', 'send', 's-async', '--no-wait', '--json', 'later');
  const [message] = jsonLines(stdout);
  assert.deepEqual([message?.session_id, message?.status], ['s-async', 'queued']);
});

test('claude status of one session tells it closely, and of an unknown one what to do', async () => {
  server.addSession('s-one', { title: 'One' });
  const { stdout } = await xswarm('claude', 'status', 's-one');
  assert.match(stdout, /^Session +s-one\nTitle +One\nStatus +active\n/);
  assert.deepEqual(await xswarm('claude', 'status', 's-none'), {
    exitCode: 1,
    stdout: '',
    stderr: 'Session not found: s-none: `xswarm claude status --all` lists the sessions\n',
  });
});

test('claude status shows that a turn is running and for how long', async () => {
  const since = new Date(Date.now() - 200_000).toISOString();
  server.addSession('s-busy', { running: { message_id: 'm-1', since, summary: 'run the tests' }, queued: 2 });
  assert.match((await xswarm('claude', 'status', 's-busy')).stdout, /^Running +for 3m \d+s: run the tests$/m);
  assert.match((await xswarm('claude', 'status')).stdout, /^s-busy +active 3m \d+s \+2 /m);
});

test('claude status leaves out what ended, --all shows it', async () => {
  server.addSession('s-ended', { status: 'disconnected', is_active: false, reason: 'Idle timeout' });
  assert.ok(!(await xswarm('claude', 'status')).stdout.includes('s-ended'));
  assert.match((await xswarm('claude', 'status', '--all')).stdout, /^s-ended +disconnected/m);
});

test('claude history shows messages oldest first', async () => {
  server.addSession('s-history');
  await xswarm('claude', 'send', 's-history', 'remember');
  assert.match((await xswarm('claude', 'history', 's-history')).stdout, /^You (now|\d+s ago)\nremember\n/);
});

test('claude disconnect tells the reason, and again the first one', async () => {
  server.addSession('s-bye');
  const first = await xswarm('claude', 'disconnect', 's-bye');
  assert.deepEqual(first, { exitCode: 0, stdout: 'Disconnected s-bye: User requested\n', stderr: '' });
  assert.deepEqual(await xswarm('claude', 'disconnect', 's-bye'), first);
});

test('claude cleanup tells how many', async () => {
  assert.equal((await xswarm('claude', 'cleanup')).stdout, 'Disconnected 2 idle sessions\n');
  assert.equal((await xswarm('claude', 'cleanup', '--json')).stdout, '{"cleaned":2}\n');
});

test('claude connect in a pipe answers each line in order and ends with stdin', async () => {
  server.addSession('s-pipe');
  assert.deepEqual(await talk('one\n\ntwo\nthree', 'claude', 'connect', 's-pipe'), {
    exitCode: 0,
    stdout: 'You said: one\nYou said: two\nYou said: three\n',
    stderr: '',
  });
  assert.equal(server.sessions.get('s-pipe')?.session.status, 'active');
});

test('claude connect in a pipe goes on after a failed turn and ends with 1', async () => {
  server.addSession('s-pipe-fail');
  const usual = server.answer;
  server.answer = (content) => ({ content, outcome: content === 'bad' ? 'failed' : 'done' });
  const result = await talk('bad\ngood\n', 'claude', 'connect', 's-pipe-fail');
  server.answer = usual;
  assert.deepEqual(result, { exitCode: 1, stdout: 'bad\ngood\n', stderr: 'it went failed\n' });
});

test('claude connect --json prints the events of the turns, and only those', async () => {
  const held = server.addSession('s-events');
  server.emit(held, { type: 'notice', timestamp: 'x', level: 'info', text: 'before' });
  const { stdout, exitCode } = await talk('one\ntwo\n', 'claude', 'connect', 's-events', '--json');
  assert.equal(exitCode, 0);
  const numbered = jsonLines(stdout).filter((event) => event.type !== 'text_delta');
  const turn = ['queued', 'sent', 'text', 'result'];
  assert.deepEqual(
    numbered.map((event) => event.type),
    [...turn, ...turn],
  );
  assert.deepEqual(
    numbered.map((event) => event.seq),
    [2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test('claude connect to a session that ended says so', async () => {
  server.addSession('s-over', { status: 'disconnected', is_active: false });
  const { exitCode, stderr } = await talk('hello\n', 'claude', 'connect', 's-over');
  assert.equal(exitCode, 1);
  assert.match(stderr, /^Session is not active: s-over: resume it with `xswarm claude resume <id>`, or begin another/);
});

test('claude resume starts an ended session again, and says why one cannot be resumed', async () => {
  server.addSession('s-rest', { status: 'disconnected', is_active: false, reason: 'Idle timeout' });
  assert.deepEqual(await xswarm('claude', 'resume', 's-rest'), { exitCode: 0, stdout: 'Resumed s-rest\n', stderr: '' });
  assert.equal(server.sessions.get('s-rest')?.session.status, 'active');
  const error = { code: 'AGENT_LOST', message: "the agent's conversation is gone" };
  server.addSession('s-lost', { status: 'disconnected', is_active: false, error });
  const { exitCode, stderr } = await xswarm('claude', 'resume', 's-lost');
  assert.equal(exitCode, 1);
  assert.match(stderr, /^Session cannot be resumed: s-lost: the agent's conversation is gone: begin another one with/);
});

test('claude connect --resume resumes an ended session without asking', async () => {
  server.addSession('s-back', { status: 'disconnected', is_active: false, reason: 'Idle timeout' });
  const { stdout } = await talk('hello\n', 'claude', 'connect', 's-back', '--resume');
  assert.equal(stdout, 'You said: hello\n');
});

test('claude interrupt says whether a turn was running', async () => {
  server.addSession('s-busy', { queued: 1 });
  server.addSession('s-calm');
  assert.equal((await xswarm('claude', 'interrupt', 's-busy')).stdout, 'Stopped the running turn of s-busy\n');
  assert.equal((await xswarm('claude', 'interrupt', 's-calm')).stdout, 'No turn is running in s-calm\n');
});

test('the beginning of an id is enough where only one session has it', async () => {
  server.addSession('7f3c-one');
  server.addSession('7f3d-two');
  assert.match((await xswarm('claude', 'status', '7f3c')).stdout, /^Session +7f3c-one$/m);
  assert.equal((await xswarm('claude', 'send', '7f3d', 'hi')).stdout, 'You said: hi\n');
  assert.match((await xswarm('claude', 'disconnect', '7f3d')).stdout, /^Disconnected 7f3d-two/);
  const { exitCode, stderr } = await xswarm('claude', 'history', '7f3');
  assert.equal(exitCode, 2);
  assert.match(stderr, /^2 session ids begin with "7f3": 7f3c-one, 7f3d-two: see/);
});

test('text of others cannot drive the terminal of a table', async () => {
  server.addSession('s-evil', { project_path: '/tmp/\u001b[31mred\u0007' });
  assert.ok(!(await xswarm('claude', 'status')).stdout.includes('\u001b'));
});

test('commands find the running server through the data folder; a variable beats it, a server that was killed does not count', async () => {
  server.addSession('s-found');
  const dataDir = tempDataDir();
  const env = { XSWARM_HOME: dataDir };
  writeServerFile(dataDir, { url: server.url, supervisor_url: 'ws://127.0.0.1:1', version: '1' });
  assert.match((await runCli(['claude', 'status', 's-found'], { env })).stdout, /^Session +s-found$/m);
  const gone = await new RestStandIn().listen();
  await gone.close();
  const { port } = new URL(gone.url);
  const elsewhere = await runCli(['claude', 'status'], { env: { ...env, XSWARM_SERVER_PORT: port } });
  assert.match(elsewhere.stderr, new RegExp(`^xswarm is not running at ${gone.url}:`));
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(join(dataDir, 'server.json'), JSON.stringify({ url: server.url, pid }));
  writeFileSync(join(dataDir, 'config.toml'), `[server]\nport = ${port}\n`);
  assert.match((await runCli(['claude', 'status'], { env })).stderr, new RegExp(`at ${gone.url}:`));
});

test('a server that does not run is told in one line with what to do', async () => {
  const gone = await new RestStandIn().listen();
  await gone.close();
  const result = await runCli(['claude', 'status'], { env: { XSWARM_URL: gone.url } });
  assert.deepEqual(result, {
    exitCode: 1,
    stdout: '',
    stderr: `xswarm is not running at ${gone.url}: start it with \`xswarm start\`\n`,
  });
});
