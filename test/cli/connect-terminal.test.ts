import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RestStandIn } from '../support/api/rest-stand-in.ts';
import { tempDataDir } from '../support/run-cli.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const skip = spawnSync('tmux', ['-V']).status === 0 ? false : 'tmux is not there';
const SOCKET = `xswarm-test-${process.pid}`;

let server: RestStandIn;
before(async () => {
  server = await new RestStandIn().listen();
});
after(async () => {
  if (skip === false) spawnSync('tmux', ['-L', SOCKET, 'kill-server']);
  await server.close();
});

const tmux = (...args: string[]): string => execFileSync('tmux', ['-L', SOCKET, ...args], { encoding: 'utf8' });
const screen = (): string => tmux('capture-pane', '-p', '-t', 'talk').replace(/\s+$/gm, '');
const type = (...keys: string[]): string => tmux('send-keys', '-t', 'talk', ...keys);

/** Opens `claude connect` in a terminal of 80 by 24; the shell stays, so that its last words can be read. */
async function connect(sessionId: string): Promise<void> {
  const line = `${process.execPath} --import ${import.meta.resolve('tsx')} ${MAIN} claude connect ${sessionId}; echo exit $?; sleep 60`;
  const env = Object.entries({ XSWARM_URL: server.url, XSWARM_HOME: tempDataDir(), NO_COLOR: '1' });
  const settings = env.flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  spawnSync('tmux', ['-L', SOCKET, 'kill-session', '-t', 'talk']);
  tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'talk', '-x', '80', '-y', '24', ...settings, line);
  await until('the prompt', () => screen().endsWith('>'));
}

test('claude connect in a terminal: an answer, its cost, more lines, earlier messages, leaving', { skip }, async () => {
  server.addSession('s-tty');
  await connect('s-tty');
  type('hello', 'Enter');
  await until('the answer and a new prompt', () =>
    /> hello\nYou said: hello\n\$0\.0031 · simulated\n>$/.test(screen()),
  );
  type('two \\', 'Enter');
  await until('the prompt of the next line', () => screen().endsWith('…'));
  type('lines', 'Enter');
  await until('one answer to both', () => /You said: two\s+lines\n\$0\.0031 · simulated\n>$/.test(screen()));
  type('Up');
  await until('the earlier line', () => screen().endsWith('> lines'));
  type('C-c');
  await until('an empty prompt', () => screen().endsWith('\n>'));
  type('C-c');
  await until('the hint', () => screen().endsWith('Ctrl-D leaves; the session stays open\n>'));
  type('C-d');
  await until('its end', () => screen().endsWith('exit 0'));
  assert.match(screen(), /The session stays open: xswarm claude connect s-tty \(\$0\.0062 so far\)/);
  assert.equal(server.sessions.get('s-tty')?.session.status, 'active');
});

test('claude connect in a terminal: Ctrl-C asks to stop the turn that runs', { skip }, async () => {
  let release = (): void => undefined;
  const waitFor = new Promise<void>((resolve) => (release = resolve));
  server.answer = (content) => ({ content: `Done: ${content}`, tools: ['Bash'], waitFor });
  server.addSession('s-int');
  await connect('s-int');
  type('work', 'Enter');
  await until('the turn runs', () => (server.sessions.get('s-int')?.session.queued ?? 0) === 1);
  type('C-c');
  await until('the interrupt', () => server.requests.some(({ path }) => path.endsWith('/s-int/interrupt')));
  release();
  await until('tool, answer, prompt', () =>
    /⚙ Bash: Bash something\nDone: work\n\$0\.00 · simulated\n>$/.test(screen()),
  );
});

test('claude connect in a terminal: a stream that is cut repeats nothing', { skip }, async () => {
  server.answer = (content) => ({ content: `Again: ${content}` });
  server.addSession('s-cut');
  await connect('s-cut');
  type('one', 'Enter');
  await until('the first answer', () => screen().includes('Again: one'));
  server.cutStreams();
  await until('the report', () => screen().includes('Connection lost'));
  await until('a new stream', () => server.streams.size > 0);
  type('two', 'Enter');
  await until('the second answer', () => screen().includes('Again: two'));
  assert.equal(screen().split('Again: one').length, 2);
});
