import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, dirname } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { workflowBundle } from './support/temporal/workflow-bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const LAYERS = JSON.parse(readFileSync(join(root, 'scripts', 'layers.json'), 'utf8')) as string[];

function sourceFiles(folder?: string): string[] {
  if (folder === undefined) return LAYERS.flatMap((layer) => sourceFiles(join(root, layer)));
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) =>
    relative(root, resolve(dirname(path), match[1] ?? '')),
  );
}

test('imports point down the layers', () => {
  const upward = sourceFiles().flatMap((path) => {
    const own = relative(root, path);
    const layer = LAYERS.indexOf(own.split('/')[0] ?? '');
    return importsOf(path)
      .filter((target) => LAYERS.indexOf(target.split('/')[0] ?? '') > layer)
      .map((target) => `${own} imports ${target}`);
  });
  assert.deepEqual(upward, []);
});

test('file names say what is inside: no utils, helpers, common, manager or types', () => {
  const vague = sourceFiles().filter((path) => /(^|[/-])(utils?|helpers?|common|manager|types)\.ts$/.test(path));
  assert.deepEqual(vague, []);
});

test('no folder holds more than 15 source files directly', () => {
  const counts = new Map<string, number>();
  for (const path of sourceFiles()) {
    const folder = relative(root, dirname(path));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const crowded = [...counts].filter(([, count]) => count > 15);
  assert.deepEqual(crowded, []);
});

test('the workflow bundle holds no database, gateway or activity code', async () => {
  const { code } = await workflowBundle();
  for (const stranger of ['better-sqlite3', 'drizzle', 'zod', 'claude-agent-sdk', 'makeActivities']) {
    assert.equal(code.includes(stranger), false, `${stranger} is in the bundle`);
  }
});

test('no module of the workflows keeps state: one instance of it serves all sessions', () => {
  const bundled = ['workflows', 'domain'].flatMap((folder) => sourceFiles(join(root, folder)));
  const stateful = bundled.filter((path) => /^(export )?(let|var) /m.test(readFileSync(path, 'utf8')));
  assert.deepEqual(stateful, []);
});

test('no tracked file names a path of one machine', () => {
  const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const named = files
    .filter((file) => !/\.(png|lock)$|package-lock|test\/architecture/.test(file))
    .filter((file) => /(^|[^\w.~-])\/(root|home\/[a-z]+|work)\//m.test(readFileSync(join(root, file), 'utf8')));
  assert.deepEqual(named, []);
});
