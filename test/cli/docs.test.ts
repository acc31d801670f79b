import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { COMMANDS } from '../../cli/command-table.ts';
import { describeCommands } from '../../cli/completion/describe-commands.ts';

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

/** The part of the page about one command. */
function sectionOf(words: string): string {
  const [, after = ''] = page.split(`\n### \`xswarm ${words}\`\n`);
  return after.split('\n### ')[0] ?? '';
}

test('docs/cli.md tells every command with its description and options, and no other', async () => {
  const commands = await describeCommands(COMMANDS);
  const titles = [...page.matchAll(/^### `xswarm (.+)`$/gm)].map(([, words]) => words);
  assert.deepEqual(
    titles,
    commands.map(({ words }) => words).filter((words) => words !== 'voice-bridge'),
  );
  assert.match(sectionOf('supervisor'), /`xswarm voice-bridge`/);
  for (const { words, description, options } of commands.filter((command) => command.words !== 'voice-bridge')) {
    assert.ok(sectionOf(words).toLowerCase().includes(description.toLowerCase()), words);
    const told = [...sectionOf(words).matchAll(/^\| `(--[a-z-]+)`/gm)].map(([, name]) => name);
    assert.deepEqual(
      told,
      options.map(({ name }) => name).filter((name) => name !== '--json'),
      words,
    );
  }
});
