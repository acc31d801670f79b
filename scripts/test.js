// Runs the tests: `npm test`, or `npm test -- test/domain` for the files below a folder.
// Their temporary folders lie in one that is removed afterwards.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);

function testFiles(path) {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => {
    const child = join(path, entry.name);
    if (entry.isDirectory()) return testFiles(child);
    return entry.name.endsWith('.test.ts') ? [child] : [];
  });
}

const files = (wanted.length > 0 ? wanted : ['test']).flatMap(testFiles).sort();
const temp = mkdtempSync(join(tmpdir(), 'xswarm-test-'));
const child = spawn(
  process.execPath,
  ['--import', 'tsx', '--test', '--test-concurrency=2', '--test-timeout=240000', ...files],
  { cwd: root, stdio: 'inherit', env: { ...process.env, TMPDIR: temp } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  rmSync(temp, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  process.exitCode = signal === null ? (code ?? 1) : 1;
});
