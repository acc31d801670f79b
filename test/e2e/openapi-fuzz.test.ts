import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { promisify } from 'node:util';
import { makeSystem, type System } from '../support/system.ts';
import { testCacheDir } from '../support/temporal/temporal-env.ts';

const run = promisify(execFile);
const VERSION = '4.32.5';
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
].join(',');

/** The fuzzer, installed once into the cache; a reason in words where it cannot be had. */
function findSchemathesis(): { path: string } | { missing: string } {
  const folder = join(testCacheDir(), `schemathesis-${VERSION}`);
  const path = join(folder, 'bin', 'schemathesis');
  if (existsSync(path)) return { path };
  try {
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'ignore', timeout: 60_000 });
    execFileSync(join(folder, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${VERSION}`], {
      stdio: 'ignore',
      timeout: 120_000,
    });
    return { path };
  } catch {
    return { missing: 'schemathesis cannot be installed here: Python 3 with venv and a package index are needed' };
  }
}

const found = findSchemathesis();
const skip = 'missing' in found ? found.missing : false;
let system: System;

before(async () => {
  if (skip !== false) return;
  system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator' } });
  await system.start();
  await system.cli('user', 'add', 'user123');
});
after(async () => {
  if (skip === false) await system.remove();
});

test('no generated call of the OpenAPI document gets a 5xx or an answer outside its schema', { skip }, async () => {
  const { path } = found as { path: string };
  // Live streams do not end by themselves, so the fuzzer would wait on them.
  const { stdout } = await run(
    path,
    [
      'run',
      `${system.restUrl}/openapi.json`,
      ...['--checks', CHECKS],
      ...['--phases', 'examples,coverage,fuzzing'],
      ...['--max-examples', '30'],
      ...['--seed', '1'],
      ...['--request-timeout', '10'],
      ...['--exclude-path-regex', '/events$'],
      '--no-color',
    ],
    { timeout: 150_000, maxBuffer: 32 * 1024 * 1024, cwd: system.project },
  ).catch((error: { stdout?: string; stderr?: string; message: string }) => {
    throw new Error(`${error.stdout?.slice(-6_000) ?? ''}\n${error.stderr ?? error.message}`);
  });
  const cases = Number(/(\d+) generated/.exec(stdout)?.[1] ?? 0);
  assert.ok(cases > 200, stdout.slice(-2_000));
  assert.equal((await fetch(`${system.restUrl}/ready`)).status, 200);
});
