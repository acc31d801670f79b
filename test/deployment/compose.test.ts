import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const file = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
/** The reference implementation of the compose specification: it holds a file against the specification's schema. */
const COMPOSE_GO = 'github.com/compose-spec/compose-go/v2/cmd@v2.16.2';

interface Service {
  command?: string[];
  environment?: Record<string, string>;
  ports?: { host_ip?: string; published: string }[];
  cap_drop?: string[];
  security_opt?: string[];
}

const folder = mkdtempSync(join(tmpdir(), 'xswarm-compose-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function load(path: string): Promise<Record<string, Service>> {
  const { stdout } = await run('go', ['run', COMPOSE_GO, '-no-interpolation', '-format', 'json', path], {
    timeout: 170_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return (JSON.parse(stdout) as { services: Record<string, Service> }).services;
}

const skip = hasGo() ? false : 'Go is not installed, and the specification is checked by its Go implementation';

test('docker-compose.yml holds to the compose specification', { skip }, async (t) => {
  const services = await load(file);

  await t.test('a file that does not is refused', async () => {
    const wrong = join(folder, 'wrong.yml');
    writeFileSync(wrong, readFileSync(file, 'utf8').replace('replicas:', 'replicaz:'));
    await assert.rejects(load(wrong), /replicaz/);
  });

  await t.test('only our own two ports are published, on loopback', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    assert.deepEqual(ports.map((port) => port.published).sort(), ['8787', '9999']);
    assert.deepEqual(
      ports.filter((port) => port.host_ip !== '127.0.0.1'),
      [],
    );
  });

  await t.test('no container keeps its capabilities or can get new privileges', () => {
    for (const [name, service] of Object.entries(services)) {
      assert.deepEqual(service.cap_drop, ['ALL'], name);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    }
  });

  await t.test('the gateway keeps to the projects', () => {
    assert.equal(services.gateway?.environment?.XSWARM_CLAUDE_CODE_PROJECT_ROOTS, '/projects');
  });

  await t.test('no secret has a default', () => {
    const secrets = Object.values(services)
      .flatMap((service) => Object.entries(service.environment ?? {}))
      .filter(([name]) => /TOKEN|PASSWORD|PWD/.test(name));
    assert.ok(secrets.length >= 8);
    assert.deepEqual(
      secrets.filter(([, value]) => !/^\$\{\w+:\?/.test(value)),
      [],
    );
  });

  await t.test('the number of shards is set, since it can never change', () => {
    assert.equal(services.temporal?.environment?.NUM_HISTORY_SHARDS, '512');
  });

  await t.test('the parts are started by roles', () => {
    const roles = ['app', 'worker', 'gateway'].map((name) => services[name]?.command?.join(' '));
    assert.deepEqual(roles, ['serve --roles api', 'serve --roles worker', 'serve --roles gateway']);
  });
});
