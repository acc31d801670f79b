import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMMANDS } from '../../cli/command-table.ts';
import { describeCommands } from '../../cli/completion/describe-commands.ts';
import { jsonLines, runCli, tempDataDir } from '../support/run-cli.ts';

test('every command of the table has a description, --json, and its own help', async () => {
  const commands = await describeCommands(COMMANDS);
  assert.deepEqual(
    commands.map(({ words }) => words),
    Object.keys(COMMANDS),
  );
  for (const { words, description, options } of commands) {
    assert.notEqual(description, '', words);
    assert.ok(
      options.some(({ name }) => name === '--json'),
      words,
    );
  }
});

test('--version, -V, -v and version print the version', async () => {
  for (const word of ['--version', '-V', '-v', 'version']) {
    assert.match((await runCli([word])).stdout, /^\d+\.\d+\.\d+\n$/, word);
  }
  assert.equal(typeof jsonLines((await runCli(['--version', '--json'])).stdout)[0]?.version, 'string');
});

test('no words at all show the overview and are no failure', async () => {
  const { exitCode, stdout } = await runCli([]);
  assert.equal(exitCode, 0);
  for (const words of Object.keys(COMMANDS))
    if (words !== 'voice-bridge') assert.ok(stdout.includes(`xswarm ${words}`));
});

const misuses: [string[], RegExp][] = [
  [['frobnicate'], /^Unknown command "frobnicate": see `xswarm --help`\n$/],
  [['claude', 'stats'], /^Unknown command "claude stats": did you mean `xswarm claude status`\?\n$/],
  [['claude', 'send'], /^Arguments <id> <text> are missing: see `xswarm claude send --help`\n$/],
  [['claude', 'send', 's-42', '--key', 'k'], /^Argument <text> is missing: see `xswarm claude send --help`\n$/],
  [['claude', 'connect'], /^Argument <id> is missing: see `xswarm claude connect --help`\n$/],
  [['user', 'add', '--phone'], /^Option --phone needs a value: see `xswarm user add --help`\n$/],
  [['user', 'remove', 'ada', 'bob'], /^Unexpected argument "bob": see `xswarm user remove --help`\n$/],
  [['claude', 'status', '--frob'], /^Unknown option --frob: see `xswarm claude status --help`\n$/],
  [['user', 'add', 'ada', '--phone', 'home'], /^--phone: "home" .*\n$/],
  [['claude', 'status', '--limit', 'x'], /^--limit x must be a whole number above zero/],
  [['claude', 'cost', '--group-by', 'moon'], /^--group-by moon must be one of day, project, model, user/],
  [['serve', '--roles', 'api,cook'], /^--roles cook must be some of api, worker, gateway/],
  [['claude'], /^A command is missing after claude: new, send, connect, .*; see `xswarm claude --help`\n$/],
  [['token', '--json'], /^A command is missing after token: create, list, revoke; see `xswarm token --help`\n$/],
  [['serve'], /^--roles is missing: some of api, worker, gateway: see `xswarm serve --help`\n$/],
  [['completion', 'csh'], /^<shell> csh must be one of bash, zsh, fish/],
];
for (const [args, words] of misuses) {
  test(`xswarm ${args.join(' ')} is used wrongly: exit code 2 and one line on stderr`, async () => {
    const { exitCode, stdout, stderr } = await runCli(args);
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.match(stderr, words);
    assert.equal(stderr.trimEnd().split('\n').length, 1);
  });
}

test('help before words is the same as --help behind them', async () => {
  for (const words of [[], ['claude'], ['claude', 'send']]) {
    assert.deepEqual(await runCli(['help', ...words]), await runCli([...words, '--help']), words.join(' '));
  }
});

test('help of a command shows its options and examples', async () => {
  const { exitCode, stdout } = await runCli(['claude', 'send', '--help']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /--no-wait/);
  assert.match(stdout, /xswarm claude send s-42 "fix the failing test"/);
});

test('users and tokens are kept in the data folder while nothing runs', async () => {
  const env = { XSWARM_HOME: tempDataDir() };
  assert.equal(
    (await runCli(['user', 'add', 'ada', '--admin', '--phone', '+15550100'], { env })).stdout,
    'Added ada, an admin\n',
  );
  const [ada] = jsonLines((await runCli(['user', 'list', '--json'], { env })).stdout);
  assert.deepEqual([ada?.id, ada?.admin, ada?.phone], ['ada', true, '+15550100']);
  const again = await runCli(['user', 'add', 'ada'], { env });
  assert.deepEqual(
    [again.exitCode, again.stderr],
    [1, 'User already exists: ada: `xswarm user list` shows the users\n'],
  );

  const made = await runCli(['token', 'create', 'ada', '--name', 'laptop'], { env });
  assert.match(made.stdout, /^xsw_\S+\n$/);
  const [token] = jsonLines((await runCli(['token', 'list', '--json'], { env })).stdout);
  assert.deepEqual([token?.user_id, token?.name, token?.revoked_at], ['ada', 'laptop', null]);
  assert.ok(!JSON.stringify(token).includes(made.stdout.trim()));
  assert.equal((await runCli(['token', 'revoke', String(token?.id)], { env })).exitCode, 0);
  assert.match((await runCli(['token', 'list', 'ada'], { env })).stdout, /revoked$/m);
  assert.match((await runCli(['user', 'remove', 'ada'], { env })).stdout, /^Removed ada: 0 tokens and 0 logins end/);
  const gone = await runCli(['token', 'list', 'ada'], { env });
  assert.deepEqual(
    [gone.exitCode, gone.stderr],
    [1, 'User not found: ada: add the user with `xswarm user add <id>`\n'],
  );
});

test('config show tells where each value came from and hides secrets', async () => {
  const dataDir = tempDataDir();
  writeFileSync(join(dataDir, 'config.toml'), '[server]\nport = 9000\n');
  const env = { XSWARM_HOME: dataDir, SUPERVISOR_TOKEN: 'very-secret', XSWARM_GATEWAY_AGENT: 'simulator' };
  const { stdout } = await runCli(['config', 'show', '--json'], { env });
  const rows = new Map(jsonLines(stdout).map((row) => [row.key, row]));
  assert.deepEqual(rows.get('server.port'), { key: 'server.port', value: 9000, origin: join(dataDir, 'config.toml') });
  assert.deepEqual(rows.get('gateway.agent')?.origin, 'variable XSWARM_GATEWAY_AGENT');
  assert.equal(rows.get('supervisor.token')?.value, '[hidden]');
  assert.ok(!stdout.includes('very-secret'));
});

test('a configuration that is wrong stops every command with the key and what is allowed', async () => {
  const env = { XSWARM_HOME: tempDataDir(), XSWARM_SERVER_PORT: 'http' };
  for (const args of [['claude', 'status'], ['user', 'list'], ['start'], ['serve', '--roles', 'gateway']]) {
    const { exitCode, stderr } = await runCli(args, { env });
    assert.equal(exitCode, 1, args.join(' '));
    assert.equal(
      stderr,
      '[server] port = "http" (variable XSWARM_SERVER_PORT) must be a whole number from 1 to 65535\n',
    );
  }
});

test('doctor checks without a server, and fails on a damaged database', async () => {
  const dataDir = tempDataDir();
  const env = { XSWARM_HOME: dataDir, XSWARM_GATEWAY_AGENT: 'simulator' };
  const findings = jsonLines((await runCli(['doctor', '--json'], { env })).stdout);
  assert.deepEqual(
    findings.map((finding) => finding.check).filter((check, index, all) => all.indexOf(check) === index),
    [
      'Configuration',
      'Node.js',
      'Data folder',
      'Database',
      'Payload keys',
      'Temporal',
      'Ports',
      'Server',
      'Gateway',
      'Agent',
    ],
  );
  assert.equal(findings.find((finding) => finding.check === 'Agent')?.state, 'warn');
  writeFileSync(join(dataDir, 'xswarm.db'), 'this is no database at all, but long enough to be read as one'.repeat(50));
  const damaged = await runCli(['doctor'], { env });
  assert.equal(damaged.exitCode, 1);
  assert.match(damaged.stdout, /^fail +Database +.* is damaged: /m);
});

test('the bash completion offers commands, options, values of options, sessions and users', async () => {
  const { stdout } = await runCli(['completion', 'bash']);
  const { exitCode } = await runBash(`${stdout}
    COMP_WORDS=(xswarm claude st); COMP_CWORD=2; _xswarm; [ "\${COMPREPLY[*]}" = status ] || exit 3
    COMP_WORDS=(xswarm cla); COMP_CWORD=1; _xswarm; [ "\${COMPREPLY[*]}" = claude ] || exit 4
    COMP_WORDS=(xswarm claude send --no); COMP_CWORD=3; _xswarm; [ "\${COMPREPLY[*]}" = --no-wait ] || exit 5
    COMP_WORDS=(xswarm claude cost --group-by mo); COMP_CWORD=4; _xswarm; [ "\${COMPREPLY[*]}" = model ] || exit 7
    COMP_WORDS=(xswarm claude new --permission-mode pl); COMP_CWORD=4; _xswarm; [ "\${COMPREPLY[*]}" = plan ] || exit 8
    COMP_WORDS=(xswarm completion f); COMP_CWORD=2; _xswarm; [ "\${COMPREPLY[*]}" = fish ] || exit 9
    xswarm() { case "$*" in
      "claude status --all --json") echo '{"id":"s-1","title":"a"}'; echo '{"id":"s-2"}' ;;
      "user list --json") echo '{"id":"ann"}'; echo '{"id":"bob"}' ;;
    esac; }
    COMP_WORDS=(xswarm claude send s); COMP_CWORD=3; _xswarm; [ "\${COMPREPLY[*]}" = "s-1 s-2" ] || exit 10
    COMP_WORDS=(xswarm claude new --user a); COMP_CWORD=4; _xswarm; [ "\${COMPREPLY[*]}" = ann ] || exit 11
    COMP_WORDS=(xswarm token create ""); COMP_CWORD=3; _xswarm; [ "\${COMPREPLY[*]}" = "ann bob" ] || exit 12
    COMP_WORDS=(xswarm start --de); COMP_CWORD=2; _xswarm; [ "\${COMPREPLY[*]}" = --debug ] || exit 6`);
  assert.equal(exitCode, 0);
});

async function runBash(script: string): Promise<{ exitCode: number | null }> {
  const { spawn } = await import('node:child_process');
  const child = spawn('bash', ['-c', script], { stdio: 'ignore' });
  return { exitCode: await new Promise((resolve) => child.on('close', resolve)) };
}
