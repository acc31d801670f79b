import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../../../host/config/config-error.ts';
import { allowsAnyFolder, runsOwnGateway, serverUrl, supervisorUrl } from '../../../host/config/derive.ts';
import { loadConfig } from '../../../host/config/load.ts';
import type { LoadedConfig } from '../../../host/config/load.ts';

interface Given {
  env?: Record<string, string>;
  cwdToml?: string;
  dataToml?: string;
}

function load({ env = {}, cwdToml, dataToml }: Given): LoadedConfig & { cwd: string; dataDir: string } {
  const root = mkdtempSync(join(tmpdir(), 'xswarm-config-'));
  const [cwd, dataDir] = [join(root, 'cwd'), join(root, 'data')];
  mkdirSync(cwd);
  mkdirSync(dataDir);
  if (cwdToml !== undefined) writeFileSync(join(cwd, 'config.toml'), cwdToml);
  if (dataToml !== undefined) writeFileSync(join(dataDir, 'config.toml'), dataToml);
  return { ...loadConfig({ env, cwd, dataDir }), cwd, dataDir };
}

function problemOf(given: Given): string {
  try {
    load(given);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return assert.fail('it was accepted');
}

test('without file and variables the defaults of the contract hold', () => {
  const { config, file, origins } = load({});
  assert.equal(file, null);
  assert.deepEqual(new Set(Object.values(origins).map((origin) => origin.from)), new Set(['default']));
  assert.deepEqual(
    {
      url: config.claude_code.websocket_url,
      max: config.claude_code.max_sessions,
      perUser: config.claude_code.max_sessions_per_user,
      idleAfter: config.claude_code.idle_after_seconds,
      idleTimeout: config.claude_code.idle_timeout_seconds,
      track: config.claude_code.track_costs,
      roots: config.claude_code.project_roots,
      server: [config.server.host, config.server.port, config.server.auth],
      supervisor: [config.supervisor.host, config.supervisor.port],
      gateway: [config.gateway.host, config.gateway.port, config.gateway.agent],
      durability: config.storage.durability,
      temporal: [config.temporal.address, config.temporal.namespace, config.temporal.port, config.temporal.ui_port],
      retention: config.temporal.retention_days,
    },
    {
      url: 'ws://localhost:8080',
      max: 10,
      perUser: 10,
      idleAfter: 60,
      idleTimeout: 300,
      track: true,
      roots: [],
      server: ['127.0.0.1', 8787, 'local'],
      supervisor: ['127.0.0.1', 9999],
      gateway: ['127.0.0.1', 8080, 'auto'],
      durability: 'full',
      temporal: ['', 'default', 7233, 8233],
      retention: 30,
    },
  );
});

test("the guide's config.toml is understood", () => {
  const { config, origins, cwd } = load({
    cwdToml: `[claude_code]
# WebSocket URL for Claude Code
websocket_url = "ws://localhost:8080"
max_sessions = 12
idle_timeout_seconds = 301
track_costs = false
`,
  });
  assert.deepEqual(
    [config.claude_code.max_sessions, config.claude_code.idle_timeout_seconds, config.claude_code.track_costs],
    [12, 301, false],
  );
  assert.deepEqual(origins['claude_code.max_sessions'], { from: 'file', path: join(cwd, 'config.toml') });
});

test('a variable beats the file, the file beats the default, and each says so', () => {
  const { config, origins } = load({
    env: { XSWARM_SERVER_PORT: '9001' },
    cwdToml: '[server]\nport = 9000\n[supervisor]\nport = 9002\n',
  });
  assert.deepEqual([config.server.port, config.supervisor.port, config.gateway.port], [9001, 9002, 8080]);
  assert.deepEqual(origins['server.port'], { from: 'variable', name: 'XSWARM_SERVER_PORT' });
  assert.equal(origins['supervisor.port']?.from, 'file');
});

test('the file in the working directory hides the one in the data folder, and XSWARM_CONFIG both', () => {
  const both = { cwdToml: '[server]\nport = 9000\n', dataToml: '[server]\nport = 9100\n' };
  assert.equal(load(both).config.server.port, 9000);
  assert.equal(load({ dataToml: both.dataToml }).config.server.port, 9100);
  const named = join(mkdtempSync(join(tmpdir(), 'xswarm-config-')), 'other.toml');
  writeFileSync(named, '[server]\nport = 9200\n');
  assert.equal(load({ ...both, env: { XSWARM_CONFIG: named } }).config.server.port, 9200);
});

test("the guide's variables set their keys, and the XSWARM names of the same keys are stronger", () => {
  const { config, origins } = load({
    env: {
      CLAUDE_CODE_WEBSOCKET_URL: 'ws://127.0.0.1:8099',
      CLAUDE_CODE_AUTH_TOKEN: 'agent-secret',
      SUPERVISOR_WEBSOCKET_URL: 'ws://localhost:9998',
      SUPERVISOR_TOKEN: 'supervisor-secret',
    },
  });
  assert.equal(config.claude_code.websocket_url, 'ws://127.0.0.1:8099');
  assert.equal(config.claude_code.auth_token, 'agent-secret');
  assert.equal(config.supervisor.token, 'supervisor-secret');
  assert.equal(config.supervisor.port, 9998);
  assert.deepEqual(origins['supervisor.port'], { from: 'key', path: 'supervisor.url' });
  const both = load({ env: { SUPERVISOR_TOKEN: 'weak', XSWARM_SUPERVISOR_TOKEN: 'strong' } });
  assert.equal(both.config.supervisor.token, 'strong');
});

test('a supervisor address on another machine leaves our listener alone', () => {
  const { config } = load({ env: { SUPERVISOR_WEBSOCKET_URL: 'wss://swarm.example.org:443' } });
  assert.deepEqual([config.supervisor.host, config.supervisor.port], ['127.0.0.1', 9999]);
  assert.equal(supervisorUrl(config), 'wss://swarm.example.org:443');
});

test('an empty variable counts as not set', () => {
  const { config, origins } = load({ env: { XSWARM_SERVER_PORT: '', SUPERVISOR_TOKEN: '' } });
  assert.equal(config.server.port, 8787);
  assert.equal(origins['supervisor.token']?.from, 'default');
});

const refused: [string, Given, RegExp][] = [
  [
    'a word for a number',
    { env: { XSWARM_SERVER_PORT: 'http' } },
    /\[server\] port = "http" \(variable XSWARM_SERVER_PORT\) must be a whole number from 1 to 65535/,
  ],
  [
    'a number out of range',
    { cwdToml: '[server]\nport = 70000' },
    /\[server\] port = 70000 \(.*config\.toml\) must be a whole number from 1 to 65535/,
  ],
  ['a fraction', { cwdToml: '[claude_code]\nmax_sessions = 1.5' }, /max_sessions = 1\.5 .* must be a whole number/],
  ['a number as text in the file', { cwdToml: '[server]\nport = "8787"' }, /port = "8787" .* must be a whole number/],
  [
    'a negative idle time',
    { env: { XSWARM_CLAUDE_CODE_IDLE_TIMEOUT_SECONDS: '-5' } },
    /idle_timeout_seconds = -5 .* from 1 to/,
  ],
  [
    'a word that is no agent',
    { env: { XSWARM_GATEWAY_AGENT: 'gpt' } },
    /agent = "gpt" .* must be "auto", "claude" or "simulator"/,
  ],
  [
    'a flag that is neither',
    { env: { XSWARM_CLAUDE_CODE_TRACK_COSTS: 'maybe' } },
    /track_costs = "maybe" .* must be true or false/,
  ],
  [
    'a URL of another kind',
    { env: { CLAUDE_CODE_WEBSOCKET_URL: 'http://localhost:8080' } },
    /must be a URL that begins with ws:\/\/ or wss:\/\//,
  ],
  ['an empty URL in the file', { cwdToml: '[claude_code]\nwebsocket_url = ""' }, /websocket_url = "" .* must be a URL/],
  [
    'a relative project root',
    { cwdToml: '[claude_code]\nproject_roots = ["projects"]' },
    /project_roots = \["projects"\] .* absolute folders/,
  ],
  [
    'a misspelt key',
    { cwdToml: '[claude_code]\nmax_sesions = 3' },
    /Unknown key \[claude_code\] max_sesions in .*config\.toml: did you mean max_sessions\?/,
  ],
  [
    'a key that is like none',
    { cwdToml: '[server]\ncolour = "red"' },
    /Unknown key \[server\] colour in .* known keys are host, port/,
  ],
  [
    'a misspelt section',
    { cwdToml: '[claud_code]\nmax_sessions = 3' },
    /Unknown section \[claud_code\] .* did you mean claude_code\?/,
  ],
  ['a key without a section', { cwdToml: 'max_sessions = 3' }, /Unknown key max_sessions outside of any section/],
  ['a section that is a value', { cwdToml: 'server = 3' }, /server in .* must be a section: \[server\]/],
  [
    'a misspelt variable',
    { env: { XSWARM_SERVER_PROT: '1' } },
    /Unknown variable XSWARM_SERVER_PROT: did you mean XSWARM_SERVER_PORT\?/,
  ],
  ['a variable with a misspelt section', { env: { XSWARM_SEVER_PORT: '1' } }, /did you mean XSWARM_SERVER_PORT\?/],
  ['text that is no TOML', { cwdToml: '[server\nport = 1' }, /config\.toml:\d+:\d+ is not TOML/],
  [
    'a configuration that is named and not there',
    { env: { XSWARM_CONFIG: '/nowhere/x.toml' } },
    /XSWARM_CONFIG names a file that does not exist/,
  ],
  [
    'an open bind without tokens',
    { env: { XSWARM_SERVER_HOST: '0.0.0.0' } },
    /host = "0\.0\.0\.0" with auth = "local" would let anyone in/,
  ],
];
for (const [what, given, words] of refused) {
  test(`${what} is refused with the key, the value and what is allowed`, () => {
    assert.match(problemOf(given), words);
    assert.ok(!problemOf(given).includes('\n'), 'one line');
  });
}

test('a secret that is wrong is not shown', () => {
  const message = problemOf({ cwdToml: '[supervisor]\ntoken = 12345' });
  assert.match(message, /token = \[hidden\]/);
  assert.doesNotMatch(message, /12345/);
});

test('several problems are counted, and all are in the error', () => {
  try {
    load({ cwdToml: '[server]\nport = 0\ncolour = 1\nauth = "x"' });
    assert.fail('it was accepted');
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.problems.length, 3);
    assert.match(error.message, /and 2 more/);
  }
});

test('variables of other parts are left alone', () => {
  load({
    env: { XSWARM_HOME: '/x', XSWARM_URL: 'http://x', XSWARM_TOKEN: 't', XSWARM_SESSION_ID: 's', XSWARM_WHATEVER: '1' },
  });
});

const gateways: [string, Given, string, boolean][] = [
  ['nothing set', {}, 'ws://localhost:8080', true],
  ['only the gateway port changed', { env: { XSWARM_GATEWAY_PORT: '8181' } }, 'ws://localhost:8181', true],
  [
    'the address spelt by number',
    { env: { CLAUDE_CODE_WEBSOCKET_URL: 'ws://127.0.0.1:8080' } },
    'ws://127.0.0.1:8080',
    true,
  ],
  [
    'another port on this machine',
    { env: { CLAUDE_CODE_WEBSOCKET_URL: 'ws://localhost:8181' } },
    'ws://localhost:8181',
    false,
  ],
  ['another machine', { env: { CLAUDE_CODE_WEBSOCKET_URL: 'ws://box:8080' } }, 'ws://box:8080', false],
  ['TLS', { env: { CLAUDE_CODE_WEBSOCKET_URL: 'wss://localhost:8080' } }, 'wss://localhost:8080', false],
  [
    'both changed alike',
    { env: { CLAUDE_CODE_WEBSOCKET_URL: 'ws://localhost:8181', XSWARM_GATEWAY_PORT: '8181' } },
    'ws://localhost:8181',
    true,
  ],
  [
    'both changed apart',
    { env: { CLAUDE_CODE_WEBSOCKET_URL: 'ws://localhost:8182', XSWARM_GATEWAY_PORT: '8181' } },
    'ws://localhost:8182',
    false,
  ],
];
for (const [what, given, url, own] of gateways) {
  test(`with ${what} the agent server is ${url}, ${own ? 'our own gateway' : 'one that is there'}`, () => {
    const { config } = load(given);
    assert.equal(config.claude_code.websocket_url, url);
    assert.equal(runsOwnGateway(config), own);
  });
}

test('allowsAnyFolder() in local mode without roots alone', () => {
  const allows = (env: Record<string, string>): boolean => allowsAnyFolder(load({ env }).config);
  assert.deepEqual(
    [allows({}), allows({ XSWARM_SERVER_AUTH: 'token' }), allows({ XSWARM_CLAUDE_CODE_PROJECT_ROOTS: '/p' })],
    [true, false, false],
  );
});

test('serverUrl() is an address that this machine can reach', () => {
  assert.equal(serverUrl(load({}).config), 'http://127.0.0.1:8787');
  const open = { XSWARM_SERVER_HOST: '0.0.0.0', XSWARM_SERVER_AUTH: 'token' };
  assert.equal(serverUrl(load({ env: open }).config), 'http://127.0.0.1:8787');
  assert.equal(serverUrl(load({ env: { XSWARM_SERVER_HOST: '::1' } }).config), 'http://[::1]:8787');
  assert.equal(
    serverUrl(load({ env: { XSWARM_SERVER_URL: 'https://x.example.org/' } }).config),
    'https://x.example.org',
  );
});
