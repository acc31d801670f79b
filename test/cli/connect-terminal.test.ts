import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SessionEventBody } from '../../domain/session/event.ts';
import { RestStandIn } from '../support/api/rest-stand-in.ts';
import { tempDataDir } from '../support/run-cli.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const skip = spawnSync('tmux', ['-V']).status === 0 ? false : 'tmux is not there';
const SOCKET = `xswarm-test-${process.pid}`;

let server: RestStandIn;
type Held = ReturnType<RestStandIn['addSession']>;
before(async () => {
  server = await new RestStandIn().listen();
  // The server of tmux ends with its last session; this one stays.
  if (skip === false) tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'keep', 'sleep 600');
});
after(async () => {
  if (skip === false) spawnSync('tmux', ['-L', SOCKET, 'kill-server']);
  await server.close();
});

const tmux = (...args: string[]): string => execFileSync('tmux', ['-L', SOCKET, ...args], { encoding: 'utf8' });
const screen = (): string => tmux('capture-pane', '-p', '-J', '-t', 'talk').replace(/\s+$/gm, '');
const type = (...keys: string[]): string => tmux('send-keys', '-t', 'talk', ...keys);
const shows = async (what: string | RegExp): Promise<string> => {
  const isThere = (text: string): boolean => (typeof what === 'string' ? text.includes(what) : what.test(text));
  return await until(`the screen shows ${String(what)}`, () => (isThere(screen()) ? screen() : null), { seen: screen });
};

/** Opens a shell in a terminal of 80 by 24 and runs `claude connect` in it. */
async function connect(sessionId: string, before = ''): Promise<void> {
  const all = { XSWARM_URL: server.url, XSWARM_HOME: tempDataDir(), NO_COLOR: '1' };
  const settings = Object.entries(all).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  spawnSync('tmux', ['-L', SOCKET, 'kill-session', '-t', 'talk']);
  const shell = 'bash --norc --noprofile -i';
  tmux('new-session', '-d', '-s', 'talk', '-x', '80', '-y', '24', ...settings, shell);
  const self = `${process.execPath} --import ${import.meta.resolve('tsx')} ${MAIN}`;
  type(`clear; ${before} ${self} claude connect ${sessionId}; echo exit $?`, 'Enter');
}

/** Opens a session and waits until its stream is open. */
async function talkTo(id: string, fields: Parameters<RestStandIn['addSession']>[1] = {}): Promise<Held> {
  const held = server.addSession(id, fields);
  await connect(id);
  await shows(/\n>$/);
  await until('the stream', () => server.streams.size > 0);
  return held;
}

const at = (): string => new Date().toISOString();
function begin(held: Held, messageId: string, content: string, timestamp = at()): void {
  server.emit(held, { type: 'queued', timestamp, message_id: messageId, content });
  server.emit(held, { type: 'sent', timestamp, message_id: messageId });
}
const text = (messageId: string, words: string): SessionEventBody => ({
  type: 'text',
  timestamp: at(),
  message_id: messageId,
  text: words,
});
const result = (messageId: string): SessionEventBody => ({
  type: 'result',
  timestamp: at(),
  turn_id: `turn-${messageId}`,
  message_id: messageId,
  outcome: 'done',
  content: '',
  cost_usd: 0,
  simulated: false,
});

test('an answer, its cost, more lines, earlier messages, leaving', { skip }, async () => {
  await talkTo('s-tty');
  type('hello', 'Enter');
  await shows(/> hello\nYou said: hello\n\$0\.0031 · simulated\n>$/);
  type('two \\', 'Enter');
  await shows(/\n> two\n…$/);
  type('lines', 'Enter');
  await shows(/> two\n {2}lines\nYou said: two\s+lines\n\$0\.0031 · simulated\n>$/);
  type('Up');
  await shows(/\n> two\n… lines$/);
  type('C-c');
  await shows(/\n>$/);
  type('C-c');
  await shows(/Ctrl-D leaves; the session stays open\n>$/);
  type('C-d');
  const last = await shows(/exit 0\n.*[$#]$/);
  assert.match(last, /The session stays open: xswarm claude connect s-tty \(\$0\.0062 so far\)/);
  assert.equal(server.sessions.get('s-tty')?.session.status, 'active');
});

test(
  'a turn that another client started is shown with its time and tools, and Ctrl-C stops that turn',
  { skip },
  async () => {
    const held = server.addSession('s-other');
    begin(held, 'm-other', 'run the tests', new Date(Date.now() - 125_000).toISOString());
    const tool = { timestamp: at(), message_id: 'm-other', tool_use_id: 'u-1' };
    server.emit(held, { type: 'tool_started', ...tool, tool: 'Bash', summary: 'npm test' });
    await connect('s-other');
    await shows(/Working 2m \d+s · Bash: npm test · Ctrl-C stops\n>$/);
    type('C-c');
    const asked = await until('the interrupt', () =>
      server.requests.find(({ path }) => path.endsWith('/s-other/interrupt')),
    );
    assert.deepEqual(asked.body, { message_id: 'm-other' });
    server.emit(held, { type: 'tool_finished', ...tool, is_error: false, summary: 'fine' });
    server.emit(held, text('m-other', 'Done'));
    server.emit(held, result('m-other'));
    await shows(/\nDone\n\$0\.00\n(The turn had ended already\n)?>$/);
  },
);

test(
  'text typed during a stream stays on its own line, and a message sent then is shown as queued',
  { skip },
  async () => {
    let release = (): void => undefined;
    const waitFor = new Promise<void>((resolve) => (release = resolve));
    server.answer = (content) => ({ content: `The answer is long: ${content}`, waitFor });
    const held = await talkTo('s-type');
    type('tell me', 'Enter');
    const { id } = await until('the message', () => [...held.messages.values()][0]);
    server.writeText(held, id, 'The answer ');
    await shows(/> tell me\nThe answer\n. Working \d+s · Ctrl-C stops\n>$/);
    type('and th');
    await shows(/\n> and th$/);
    server.writeText(held, id, 'is long: ');
    await shows(/The answer is long:\n. Working \d+s · Ctrl-C stops\n> and th$/);
    type('en?', 'Enter');
    await shows(/The answer is long:\n. Working.*\n {2}queued: and then\?\n>$/);
    release();
    await shows(/The answer is long: [^]*> and then\?\nThe answer is long: and then\?\n\$0\.00 · simulated\n>$/);
    server.answer = (content) => ({ content: `You said: ${content}`, costUsd: 0.0031 });
  },
);

test('a cut stream neither repeats nor loses text, and its notice splits no line', { skip }, async () => {
  const held = await talkTo('s-cut');
  begin(held, 'm-1', 'go');
  server.writeText(held, 'm-1', 'Hello ');
  await shows(/\nHello\n. Working/);
  server.faults.push(503, 503);
  server.cutStreams();
  await shows(/\nHello\n. Working.*\nConnection lost, trying again…\n>$/);
  await until('a new stream', () => server.streams.size > 0);
  server.writeText(held, 'm-1', 'ful world');
  server.emit(held, text('m-1', 'Hello beautiful world'));
  server.emit(held, result('m-1'));
  await shows(/> go\nHello beautiful world\n\$0\.00\n>$/);
});

test('resizing during a stream loses nothing, and long lines wrap between words', { skip }, async () => {
  const held = await talkTo('s-size');
  begin(held, 'm-1', 'count');
  const words = Array.from({ length: 60 }, (_, index) => `word${index}`);
  for (const [index, word] of words.entries()) {
    server.writeText(held, 'm-1', `${word} `);
    if (index % 10 === 9) {
      await shows(word);
      tmux('resize-window', '-t', 'talk', '-x', String([50, 100, 60, 90, 40, 80][(index - 9) / 10]), '-y', '24');
    }
  }
  server.emit(held, text('m-1', `${words.join(' ')} `));
  server.emit(held, result('m-1'));
  const all = await shows(/\$0\.00\n>$/);
  // tmux tells a program of its new size 250 ms late; what is drawn meanwhile may leave a row that is repeated, never one that is lost.
  const shown = new Set(all.match(/word\d+/g));
  assert.deepEqual(
    words.filter((word) => !shown.has(word)),
    [],
  );
});

test('Ctrl-Z suspends and fg goes on', { skip }, async () => {
  const held = await talkTo('s-stop');
  type('half a th');
  type('C-z');
  await shows(/Stopped[^]*\n.*[$#]$/);
  type('fg', 'Enter');
  await shows(/\n> half a th$/);
  type('ought', 'Enter');
  await shows(/You said: half a thought/);
  assert.equal(held.session.message_count, 1);
});

test('a pasted text that ends in a newline waits for Enter', { skip }, async () => {
  const held = await talkTo('s-paste');
  tmux('set-buffer', 'one\ntwo\n');
  tmux('paste-buffer', '-p', '-t', 'talk');
  await shows(/\n> one\n… two\n…$/);
  assert.equal(held.session.message_count, 0);
  type('Enter');
  await shows(/You said: one\ntwo/);
});

test('/help, /cost, /status and /exit send nothing; // sends a slash command to Claude', { skip }, async () => {
  const held = await talkTo('s-slash');
  type('/help', 'Enter');
  await shows('//name   send the slash command /name to Claude');
  type('/cost', 'Enter');
  await shows('$0.00 in 0 messages');
  type('/status', 'Enter');
  await shows(/^Session +s-slash$/m);
  type('/frob', 'Enter');
  await shows('/frob is not a command of this terminal');
  assert.equal(held.session.message_count, 0);
  type('//compact', 'Enter');
  await shows('You said: /compact');
  type('/exit', 'Enter');
  await shows(/exit 0\n.*[$#]$/);
});

test('presence is reported once for many keys', { skip }, async () => {
  await talkTo('s-here');
  type('many keys');
  await shows('> many keys');
  await until('the report', () => server.requests.some(({ path }) => path.endsWith('/s-here/presence')));
  type(' and more', 'Enter');
  await shows('You said: many keys and more');
  assert.equal(server.requests.filter(({ path }) => path.endsWith('/s-here/presence')).length, 1);
});

test(
  'an ended session is resumed after a question; one that cannot be resumed says why and offers a new one',
  { skip },
  async () => {
    server.addSession('s-over', { status: 'disconnected', is_active: false, reason: 'Idle timeout' });
    await connect('s-over');
    await shows('Session s-over ended (Idle timeout). Resume it? [Y/n]');
    type('Enter');
    await shows(/\n>$/);
    assert.equal(server.sessions.get('s-over')?.session.status, 'active');
    const error = { code: 'AGENT_LOST', message: "the agent's conversation is gone" };
    server.addSession('s-gone', { status: 'disconnected', is_active: false, error });
    await connect('s-gone');
    await shows('Resume it? [Y/n]');
    type('y', 'Enter');
    await shows(
      /Session cannot be resumed: s-gone: the agent's conversation is gone\nBegin a new session in \/projects\/demo\? \[Y\/n\]$/,
    );
    type('n', 'Enter');
    await shows(/exit 0\n.*[$#]$/);
  },
);

test('without an id the open sessions are listed to choose from', { skip }, async () => {
  server.sessions.clear();
  server.addSession('s-first', { title: 'First', started_at: '2026-01-01T00:00:00.000Z' });
  server.addSession('s-second', { title: 'Second', started_at: '2026-01-02T00:00:00.000Z' });
  await connect('');
  await shows(/1 {2}s-second .*\n2 {2}s-first .*\nNumber or id \[1\]:$/);
  type('2', 'Enter');
  await shows(/\n>$/);
  type('hi', 'Enter');
  await shows('You said: hi');
  assert.equal(server.sessions.get('s-first')?.session.message_count, 1);
});

test('TERM=dumb gets plain output', { skip }, async () => {
  server.addSession('s-dumb');
  await connect('s-dumb', 'TERM=dumb');
  await until('the connection', () => server.requests.some(({ path }) => path.endsWith('/s-dumb')));
  type('hello', 'Enter');
  const shown = await shows('You said: hello');
  assert.ok(!shown.includes('Working') && !shown.includes('>'), shown);
});
