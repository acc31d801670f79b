import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xswarm-packed-'));
const app = join(folder, 'app');
const installed = join(app, 'node_modules', 'xswarm');
after(() => rmSync(folder, { recursive: true, force: true }));

interface Manifest {
  dependencies: Record<string, string>;
  scripts: Record<string, string>;
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
let packed: string[] = [];

// Packs a copy, because `npm pack` in the checkout would build it again under the tests that run its build.
before(async () => {
  const copy = join(folder, 'copy');
  for (const name of ['package.json', 'README.md', 'LICENSE', 'config.example.toml', 'bin', 'dist', 'scripts'])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  await run('npm', ['run', 'prepack'], { cwd: copy });
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: copy,
    maxBuffer: 16 * 1024 * 1024,
  });
  await run('npm', ['run', 'postpack'], { cwd: copy });
  assert.equal(
    readFileSync(join(copy, 'package.json'), 'utf8'),
    readFileSync(join(root, 'package.json'), 'utf8'),
    'packing leaves package.json as it was',
  );
  const [result] = Object.values(JSON.parse(stdout) as Record<string, { files: { path: string }[]; filename: string }>);
  packed = result?.files.map(({ path }) => path) ?? [];

  // Lays it out as npm does. The dependencies are those of the checkout: installing them compiles for minutes.
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, result?.filename ?? ''), '-C', installed, '--strip-components=1']);
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(app, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name));
  }
  const { bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  mkdirSync(join(app, 'node_modules', '.bin'));
  for (const [name, path] of Object.entries(bin))
    symlinkSync(join('..', 'xswarm', path), join(app, 'node_modules', '.bin', name));
});

test('the package holds what runs and nothing of the sources or the tests', () => {
  for (const path of [
    ...['package.json', 'README.md', 'LICENSE', 'config.example.toml', 'bin/xswarm.js', 'dist/cli/main.js'],
    ...['dist/workflow-bundle.js', 'dist/client/index.js', 'dist/client/index.d.ts', 'dist/web/index.html'],
    'dist/db/migrations/meta/_journal.json',
  ])
    assert.ok(packed.includes(path), path);
  assert.deepEqual(
    packed.filter((path) => !/^(bin|dist)\/|^(package\.json|README\.md|LICENSE|config\.example\.toml)$/.test(path)),
    [],
  );
});

test('npx xswarm runs the command of the installed package', async () => {
  const { stdout } = await run('npx', ['--offline', 'xswarm', 'version'], { cwd: app });
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('a program imports the library from the installed package', async () => {
  const program = `import { ClaudeCodeConnector } from 'xswarm'; console.log(typeof ClaudeCodeConnector);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: app });
  assert.equal(stdout, 'function\n');
});

test('the installed package starts with an empty data folder and answers', async (t) => {
  const system = await makeSystem({ project: app, env: { XSWARM_GATEWAY_AGENT: 'simulator' } });
  t.after(() => system.remove());
  await system.start(['start'], join(app, 'node_modules', '.bin', 'xswarm'));
  await until('the first conversation', () => system.output().includes('Ctrl-C stops everything'), {
    seen: () => system.output(),
  });
  assert.match(system.output(), /Simulator: Simulated answer to/);
  assert.equal((await system.stop()).code, 0);
});

test('the build of the image has every folder that the build reads', () => {
  const allowed = readFileSync(join(root, 'deploy', 'Dockerfile.dockerignore'), 'utf8').split('\n');
  const layers = JSON.parse(readFileSync(join(root, 'scripts', 'layers.json'), 'utf8')) as string[];
  const missing = [...layers, 'scripts', 'bin'].filter((name) => !allowed.includes(`!${name}`));
  assert.deepEqual(missing, []);
});
