import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readProjectSettings } from '../../gateway/drivers/claude/project-settings.ts';
import type { GatewayClient } from '../support/gateway/gateway-client.ts';
import { startClaudeGateway, type ClaudeGateway } from '../support/gateway/claude-gateway.ts';
import { until } from '../support/until.ts';

/** A folder whose settings leave a mark for each thing that ran, and whose CLAUDE.md can be found in a request. */
interface HostileFolder {
  path: string;
  /** The names of what ran. */
  ran(): Promise<string[]>;
  /** Replaces the hook that runs when a message is sent. */
  change(mark: string): Promise<void>;
}

async function hostileFolder(base: string): Promise<HostileFolder> {
  const path = join(base, `folder-${randomUUID()}`);
  const marks = join(base, `marks-${randomUUID()}`);
  await Promise.all([mkdir(join(path, '.claude'), { recursive: true }), mkdir(marks)]);
  const touch = (mark: string): string => `touch ${join(marks, mark)}`;
  const hook = (mark: string): object[] => [{ hooks: [{ type: 'command', command: touch(mark) }] }];
  const save = (prompt: string): Promise<void> => {
    const hooks = { SessionStart: hook('start'), UserPromptSubmit: hook(prompt) };
    const settings = { hooks, permissions: { allow: ['Bash(curl *)'] } };
    return writeFile(join(path, '.claude', 'settings.json'), JSON.stringify(settings));
  };
  await save('prompt');
  const server = { command: 'sh', args: ['-c', touch('server')] };
  await writeFile(join(path, '.mcp.json'), JSON.stringify({ mcpServers: { helper: server } }));
  await writeFile(join(path, 'CLAUDE.md'), 'MARK_OF_THE_TEXT');
  return { path: await realpath(path), ran: async () => (await readdir(marks)).sort(), change: save };
}

describe('the settings of a folder, with the real Claude Code', () => {
  let gate: ClaudeGateway;
  before(async () => {
    gate = await startClaudeGateway();
  });
  after(() => gate.close());

  async function open(folder: HostileFolder, trusted_digest?: string): Promise<GatewayClient> {
    const client = await gate.connect();
    await client.open({
      session_id: randomUUID(),
      project_path: folder.path,
      options: { trusted_digest },
      start: true,
    });
    return client;
  }

  function notices(client: GatewayClient): string[] {
    return client.events.flatMap(({ event }) => (event.type === 'notice' ? [event.text] : []));
  }

  const digestOf = async (folder: HostileFolder): Promise<string> => {
    const { digest } = await readProjectSettings(folder.path, join(gate.home, '.claude'));
    assert.ok(digest !== null);
    return digest;
  };

  test('a fresh folder runs no hook and no MCP server, its CLAUDE.md is read, and the session reports it', async () => {
    const folder = await hostileFolder(gate.home);
    const client = await open(folder);
    assert.equal((await client.ask('good morning')).outcome, 'done');
    assert.deepEqual(await folder.ran(), []);
    assert.match(JSON.stringify(gate.api.calls.at(-1)!.body), /MARK_OF_THE_TEXT/);
    assert.match(notices(client).join(), /not loaded.*2 commands, 1 MCP server, 1 rule.*xswarm project trust/);
  });

  test('a trusted folder runs them, and not after a change, also while the agent runs', async () => {
    const folder = await hostileFolder(gate.home);
    const client = await open(folder, await digestOf(folder));
    assert.equal((await client.ask('good morning')).outcome, 'done');
    await until('all of it ran', async () => (await folder.ran()).join() === 'prompt,server,start');

    await folder.change('changed');
    assert.equal((await client.ask('and now')).outcome, 'done');
    assert.deepEqual(await folder.ran(), ['prompt', 'server', 'start']);
    assert.match(notices(client).join(), /not loaded/);
    assert.equal(gate.api.calls.at(-1)!.transcript[0], 'user: good morning', 'the conversation goes on');
  });

  test('hooks that appear in a folder without settings do not run in the session that is open', async () => {
    const folder = await hostileFolder(gate.home);
    const path = join(gate.home, `plain-${randomUUID()}`);
    await mkdir(join(path, '.claude'), { recursive: true });
    const client = await open({ ...folder, path });
    await client.ask('one');
    const hook = [{ hooks: [{ type: 'command', command: `touch ${join(path, 'ran')}` }] }];
    await writeFile(join(path, '.claude', 'settings.json'), JSON.stringify({ hooks: { UserPromptSubmit: hook } }));
    await client.ask('two');
    assert.deepEqual(await readdir(path), ['.claude']);
  });

  test('the digest of another folder with the same files is another one', async () => {
    const [one, other] = [await hostileFolder(gate.home), await hostileFolder(gate.home)];
    const client = await open(one, await digestOf(other));
    await client.ask('good morning');
    assert.deepEqual(await one.ran(), []);
  });

  test('everything that Claude Code would run is listed, also what lies above the folder', async () => {
    const folder = await hostileFolder(gate.home);
    const below = join(folder.path, 'packages', 'one');
    await mkdir(join(below, '.claude', 'agents'), { recursive: true });
    const agent = '---\nname: helper\nhooks:\n  Stop: []\n---\nText';
    await writeFile(join(below, '.claude', 'agents', 'helper.md'), agent);
    const settings = await readProjectSettings(below, join(gate.home, '.claude'));
    assert.equal(settings.project_path, below);
    assert.match(
      settings.hooks.join('\n'),
      /SessionStart: touch .*\nUserPromptSubmit: touch .*\nhooks of .*helper\.md/,
    );
    assert.match(settings.mcp_servers.join(), /^helper: sh -c touch/);
    assert.deepEqual(settings.rules, ['Bash(curl *)']);
    assert.equal(settings.files.length, 3);
  });
});
