import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, dirname } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { workflowBundle } from './support/workflow-bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const src = join(root, 'src');
const LINES = 200;

const LAYERS = 'domain config db gateway workflows temporal activities worker api client host cli'.split(' ');

function sourceFiles(folder = src): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) =>
    relative(src, resolve(dirname(path), match[1] ?? '')),
  );
}

test('imports point down the layers', () => {
  const upward = sourceFiles().flatMap((path) => {
    const own = relative(src, path);
    const layer = LAYERS.indexOf(own.split('/')[0] ?? '');
    return importsOf(path)
      .filter((target) => LAYERS.indexOf(target.split('/')[0] ?? '') > layer)
      .map((target) => `${own} imports ${target}`);
  });
  assert.deepEqual(upward, []);
});

test('each folder of the sources is a layer', () => {
  assert.deepEqual([...readdirSync(src)].sort(), [...LAYERS].sort());
});

test(`no source file passes ${LINES} lines`, () => {
  const long = sourceFiles()
    .map((path) => ({ path: relative(src, path), lines: readFileSync(path, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > LINES);
  assert.deepEqual(long, []);
});

test('file names say what is inside: no utils, helpers, common, manager or types', () => {
  const vague = sourceFiles().filter((path) => /(^|[/-])(utils?|helpers?|common|manager|types)\.ts$/.test(path));
  assert.deepEqual(vague, []);
});

test('the workflow bundle holds no database, gateway or activity code', async () => {
  const { code } = await workflowBundle();
  for (const stranger of ['better-sqlite3', 'drizzle', 'zod', 'claude-agent-sdk', 'makeActivities']) {
    assert.equal(code.includes(stranger), false, `${stranger} is in the bundle`);
  }
});

test('no module of the workflows keeps state: one instance of it serves all sessions', () => {
  const bundled = ['workflows', 'domain'].flatMap((folder) => sourceFiles(join(src, folder)));
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
