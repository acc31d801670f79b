import assert from 'node:assert/strict';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import { canMount, makeSmallDisk } from '../support/machine/disk-image.ts';
import { freePorts } from '../support/machine/free-ports.ts';
import { jsonLines, runCli, tempDataDir } from '../support/run-cli.ts';
import { makeSystem, type System } from '../support/system.ts';
import { until } from '../support/until.ts';

/** Takes all the room that is left. */
function fill(folder: string): string {
  const path = join(folder, 'filler');
  for (let size = 1024 * 1024; size >= 512; size = Math.floor(size / 2)) {
    for (;;) {
      try {
        writeFileSync(path, Buffer.alloc(size, 1), { flag: 'a' });
      } catch {
        break;
      }
    }
  }
  assert.ok(statfsSync(folder).bavail <= 1);
  return path;
}

async function ready(system: System): Promise<{ status: number; message: string }> {
  const answer = await fetch(`${system.restUrl}/ready`);
  const { message = '' } = (await answer.json()) as { message?: string };
  return { status: answer.status, message };
}

test(
  'a full disk is no readiness, accepts nothing that it cannot keep, and everything goes on when there is room again',
  { skip: canMount() ? false : 'needs the right to mount' },
  async () => {
    const disk = makeSmallDisk(48);
    const system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator', XSWARM_HOME: disk.folder } });
    try {
      await system.start();
      await system.cli('user', 'add', 'ann', '--admin');
      const made = await system.rest('POST', '/sessions', { user_id: 'ann', project_path: system.project });
      const path = `/sessions/${made.body.session_id as string}/messages`;
      assert.equal((await system.rest('POST', path, { message: 'before' })).status, 200);

      const filler = fill(disk.folder);
      const accepted: string[] = [];
      const later = { prefer: 'respond-async' };
      await until('not ready', async () => {
        const answer = await system.rest('POST', path, { message: 'full '.repeat(2_000) }, later);
        if (answer.status < 300) accepted.push(answer.body.message_id as string);
        return (await ready(system)).status === 503;
      });
      assert.notEqual((await ready(system)).message, '');
      assert.equal((await system.rest('GET', path)).status, 200, 'what is there can be read');

      rmSync(filler);
      await until('ready again', async () => (await ready(system)).status === 200, { limitMs: 60_000 });
      const answer = await system.rest('POST', path, { message: 'after' });
      assert.deepEqual([answer.status, answer.body.content], [200, 'Simulated answer to: "after"']);
      for (const id of accepted) {
        await until('done', async () => (await system.rest('GET', `${path}/${id}`)).body.status === 'done', {
          limitMs: 60_000,
        });
      }
      const check = await system.cli('mirror', 'check', '--json');
      assert.equal(jsonLines(check.stdout).at(-1)?.differences, 0, check.stdout);
      for (const name of ['xswarm.db', 'gateway.db']) {
        const db = new BetterSqlite3(join(disk.folder, name), { readonly: true });
        assert.equal(db.pragma('integrity_check', { simple: true }), 'ok', name);
        db.close();
      }
    } finally {
      await system.remove();
      disk.remove();
    }
  },
);

test('a database of a newer version stops the start with what to do, and is left as it is', async () => {
  const home = tempDataDir();
  await runCli(['user', 'add', 'ann'], { env: { XSWARM_HOME: home } });
  const path = join(home, 'xswarm.db');
  const db = new BetterSqlite3(path);
  db.prepare("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('newer', 99999999999999)").run();
  db.close();
  for (const command of [['start'], ['user', 'list'], ['serve', '--roles', 'api']]) {
    const { exitCode, stderr } = await runCli(command, { env: { XSWARM_HOME: home } });
    assert.equal(exitCode, 1, command.join(' '));
    assert.match(stderr, /made by a newer version of xswarm: .*upgrade xswarm, or use another data folder/);
  }
  const after = new BetterSqlite3(path, { readonly: true });
  const kept = ['SELECT id FROM users', "SELECT hash FROM __drizzle_migrations WHERE hash = 'newer'"].map((query) =>
    after.prepare(query).pluck().all(),
  );
  after.close();
  assert.deepEqual(kept, [['ann'], ['newer']]);
});

test('a journal of a newer version stops the gateway with what to do', async () => {
  const home = tempDataDir();
  const [port] = await freePorts(1);
  const db = new BetterSqlite3(join(home, 'gateway.db'));
  db.pragma('user_version = 99');
  db.close();
  const { exitCode, stderr } = await runCli(['serve', '--roles', 'gateway'], {
    env: { XSWARM_HOME: home, XSWARM_GATEWAY_AGENT: 'simulator', XSWARM_GATEWAY_PORT: String(port) },
  });
  assert.equal(exitCode, 1);
  assert.match(stderr, /version 99, this program knows \d+: install the newer program/);
});
