import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../../host/config/load.ts';
import { namedKeys } from '../../../host/config/sections.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('config.example.toml holds every key with its default, and is understood', () => {
  const [cwd, dataDir] = [mkdtempSync(join(tmpdir(), 'xswarm-')), mkdtempSync(join(tmpdir(), 'xswarm-'))];
  writeFileSync(join(cwd, 'config.toml'), read('config.example.toml').replace(/^# (\w+ = )/gm, '$1'));
  // An address that was left empty is not one that was set to nothing.
  const { config, origins } = loadConfig({ env: {}, cwd, dataDir });
  assert.deepEqual(config, loadConfig({ env: {}, cwd: dataDir, dataDir }).config);
  assert.deepEqual(
    namedKeys()
      .map(({ path }) => path)
      .filter((path) => origins[path]?.from !== 'file'),
    [],
  );
});

test('docs/configuration.md tells every key with its default and what it must be, and every variable of the guide', () => {
  const page = read('docs/configuration.md');
  const rows = new Map<string, string[]>();
  for (const part of page.split('\n### ').slice(1)) {
    const section = /`\[(\w+)\]`/.exec(part)?.[1] ?? '';
    for (const line of part.split('\n').filter((one) => one.startsWith('| `'))) {
      const [name = '', ...cells] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      rows.set(`${section}.${name.replaceAll('`', '')}`, cells);
    }
  }
  const expected = namedKeys().map(({ path, key }) => {
    const fallback = key.fallback === '' ? 'empty' : `\`${JSON.stringify(key.fallback).replace(/^"|"$/g, '')}\``;
    return [path, [fallback, key.allowed, key.about]];
  });
  assert.deepEqual([...rows], expected);
  for (const { variables } of namedKeys()) {
    for (const name of variables) if (!name.startsWith('XSWARM_')) assert.ok(page.includes(`\`${name}\``), name);
  }
});
