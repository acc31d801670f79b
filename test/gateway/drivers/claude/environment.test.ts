import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { claudeEnvironment, isClaudeConfigured } from '../../../../gateway/drivers/claude/environment.ts';
import { chooseDriver } from '../../../../gateway/agents/choose-driver.ts';

const agent = { agentId: 'a-1', sessionId: 's-1' };
const own = {
  DISABLE_AUTOUPDATER: '1',
  CLAUDE_CODE_DISABLE_TERMINAL_TITLE: '1',
  XSWARM_SESSION_ID: 's-1',
  XSWARM_AGENT_ID: 'a-1',
};

test('claudeEnvironment() passes what Claude Code needs and nothing else', () => {
  const needed = {
    PATH: '/bin',
    HOME: '/h',
    LC_ALL: 'C',
    HTTPS_PROXY: 'p',
    NODE_EXTRA_CA_CERTS: 'c',
    ANTHROPIC_API_KEY: 'k',
    ANTHROPIC_BASE_URL: 'u',
    CLAUDE_CONFIG_DIR: 'd',
    CLAUDE_CODE_MAX_RETRIES: '1',
  };
  const secret = {
    SUPERVISOR_TOKEN: 'x',
    XSWARM_GATEWAY_TOKEN: 'x',
    CLAUDE_CODE_AUTH_TOKEN: 'x',
    CLAUDE_CODE_WEBSOCKET_URL: 'x',
    DATABASE_URL: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    NODE_OPTIONS: 'x',
  };
  assert.deepEqual(claudeEnvironment({ ...needed, ...secret }, agent), { ...needed, ...own });
});

test('claudeEnvironment() passes a cloud account where Claude is to use it', () => {
  const env = { CLAUDE_CODE_USE_BEDROCK: '1', AWS_PROFILE: 'work' };
  assert.equal(claudeEnvironment(env, agent).AWS_PROFILE, 'work');
});

test('claudeEnvironment() keeps back what would have Claude go on with a cut turn unasked', () => {
  assert.deepEqual(claudeEnvironment({ CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1' }, agent), own);
});

test('auto takes Claude when a key, a token, a cloud or a login is there, else the simulator', async () => {
  const home = await mkdtemp(join(tmpdir(), 'xswarm-home-'));
  const chosen = (env: NodeJS.ProcessEnv): string => chooseDriver('auto', { HOME: home, ...env }, '/nowhere').name;
  assert.equal(chosen({}), 'simulator');
  assert.equal(chosen({ ANTHROPIC_API_KEY: '' }), 'simulator');
  assert.equal(chosen({ CLAUDE_CODE_USE_BEDROCK: '0' }), 'simulator');
  for (const name of [
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLAUDE_CODE_USE_VERTEX',
  ]) {
    assert.equal(chosen({ [name]: '1' }), 'claude', name);
  }
  await mkdir(join(home, '.claude'));
  await writeFile(join(home, '.claude', '.credentials.json'), '{"other":1}');
  assert.equal(chosen({}), 'simulator');
  await writeFile(join(home, '.claude', '.credentials.json'), '{"claudeAiOauth":{"accessToken":"x"}}');
  assert.equal(chosen({}), 'claude');
  assert.ok(isClaudeConfigured({ CLAUDE_CONFIG_DIR: join(home, '.claude') }));
  await rm(home, { recursive: true });
});

test('a simulator or a Claude that was asked for is taken whatever the environment', () => {
  assert.equal(chooseDriver('simulator', { ANTHROPIC_API_KEY: 'k' }, '/nowhere').name, 'simulator');
  assert.equal(chooseDriver('claude', { HOME: '/nowhere' }, '/nowhere').name, 'claude');
});
