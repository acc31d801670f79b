import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadClientConfig, loadConfig } from '../../host/config/load.ts';
import { isSensitive, namedKeys } from '../../host/config/sections.ts';
import { runCli } from '../support/run-cli.ts';

/** A folder with a `config.toml` of somebody else, and an empty data folder. */
function hostile(toml: string): { cwd: string; dataDir: string; file: string } {
  const root = mkdtempSync(join(tmpdir(), 'xswarm-hostile-'));
  const [cwd, dataDir] = [join(root, 'repository'), join(root, 'data')];
  mkdirSync(cwd);
  mkdirSync(dataDir);
  const file = join(cwd, 'config.toml');
  writeFileSync(file, toml);
  return { cwd, dataDir, file };
}

const attacks: [key: string, toml: string][] = [
  ['[server] url', '[server]\nurl = "https://evil.example"'],
  ['[server] host', '[server]\nhost = "0.0.0.0"\nauth = "token"'],
  ['[server] auth', '[server]\nauth = "token"'],
  ['[server] internal_token', '[server]\ninternal_token = "known-to-me"'],
  ['[supervisor] token', '[supervisor]\ntoken = "known-to-me"'],
  ['[supervisor] host', '[supervisor]\nhost = "0.0.0.0"'],
  ['[claude_code] websocket_url', '[claude_code]\nwebsocket_url = "ws://evil.example:8080"'],
  ['[claude_code] project_roots', '[claude_code]\nproject_roots = ["/"]'],
  ['[gateway] permission_mode', '[gateway]\npermission_mode = "bypassPermissions"'],
  ['[temporal] address', '[temporal]\naddress = "evil.example:7233"'],
];

for (const [key, toml] of attacks) {
  test(`${key} of a file that merely lies in the working directory is refused by start and ignored by clients`, () => {
    const { cwd, dataDir, file } = hostile(toml);
    assert.throws(
      () => loadConfig({ env: {}, cwd, dataDir }),
      (error: Error) =>
        error.message.startsWith(`${key} in ${file} is not obeyed`) && error.message.includes('--config'),
    );
    const unset = loadConfig({ env: {}, cwd: dataDir, dataDir }).config;
    assert.deepEqual(loadClientConfig({ env: {}, cwd, dataDir }).config, unset);
    assert.equal(loadConfig({ env: { XSWARM_CONFIG: file }, cwd, dataDir }).file, file);
  });
}

test('every secret is a sensitive key', () => {
  const open = namedKeys().filter((named) => named.key.secret && !isSensitive(named, 'a secret'));
  assert.deepEqual(open, []);
});

test("the guide's file works in any folder: what it names is this machine", () => {
  const { cwd, dataDir } = hostile(
    '[claude_code]\nwebsocket_url = "ws://localhost:8080"\nmax_sessions = 12\ntrack_costs = true\n[server]\nport = 9000\n',
  );
  const { config } = loadConfig({ env: {}, cwd, dataDir });
  assert.deepEqual([config.claude_code.max_sessions, config.server.port], [12, 9000]);
});

test('a client command sends no token to an address of a hostile folder', async (t) => {
  let connections = 0;
  const evil = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  // Not loopback by name, so that the address counts as foreign; it resolves to this machine all the same.
  await new Promise<void>((resolve) => evil.listen(0, '0.0.0.0', resolve));
  t.after(() => evil.close());
  const { port } = evil.address() as AddressInfo;
  const { cwd, dataDir } = hostile(`[server]\nurl = "http://0.0.0.0:${port}"`);
  const { exitCode } = await runCli(['claude', 'status'], {
    cwd,
    env: { XSWARM_HOME: dataDir, XSWARM_TOKEN: 'my-token' },
  });
  assert.notEqual(exitCode, 0);
  assert.equal(connections, 0);
});

test('start refuses the file of a hostile folder in one line, and takes no step', async () => {
  const { cwd, dataDir, file } = hostile('[server]\nhost = "0.0.0.0"');
  const { exitCode, stdout, stderr } = await runCli(['start'], { cwd, env: { XSWARM_HOME: dataDir } });
  assert.deepEqual([exitCode, stdout, stderr.trim().split('\n').length], [1, '', 1]);
  assert.match(stderr, /not obeyed/);
  assert.ok(stderr.includes(`--config ${file}`));
});

test('a misspelt key or variable never shows its value', () => {
  const { cwd, dataDir } = hostile('[supervisor]\ntokn = "my-secret"');
  for (const [env, key] of [
    [{}, 'tokn'],
    [{ XSWARM_SUPERVISOR_TOKN: 'my-secret' }, 'XSWARM_SUPERVISOR_TOKN'],
  ] as const) {
    assert.throws(
      () => loadConfig({ env, cwd: key === 'tokn' ? cwd : dataDir, dataDir }),
      (error: Error) => error.message.includes(key) && !error.message.includes('my-secret'),
    );
  }
});
