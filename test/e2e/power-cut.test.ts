import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { canMount, makeDisk, type Disk } from '../support/machine/disk-image.ts';
import { whileFrozen } from '../support/machine/process-tree.ts';
import { jsonLines } from '../support/run-cli.ts';
import { makeSystem, type RestAnswer, type System } from '../support/system.ts';
import { until } from '../support/until.ts';

const SESSIONS = 4;
const CUTS = 2;

interface Acknowledged {
  session: string;
  message: string;
}

/** What somebody was told is accepted, as of a cut. */
interface Cut {
  disk: Disk;
  acknowledged: Acknowledged[];
}

/** Sends messages in a row to a session until told to stop; most are only acknowledged, some waited for. */
async function keepSending(
  system: System,
  session: string,
  isOver: () => boolean,
  told: Acknowledged[],
): Promise<void> {
  for (let number = 0; !isOver(); number += 1) {
    const headers = { 'idempotency-key': randomUUID(), ...(number % 3 === 0 ? {} : { prefer: 'respond-async' }) };
    const body = { message: `[think ${(number % 4) * 10}ms] message ${number}` };
    const answer = await system.rest('POST', `/sessions/${session}/messages`, body, headers);
    if (answer.status === 429) await delay(50);
    if (answer.status < 300) told.push({ session, message: answer.body.message_id as string });
  }
}

/** The product with its data on this disk; projects are on another one, which a cut leaves as it is. */
const systemOn = (disk: Disk, project: string): Promise<System> =>
  makeSystem({ project, env: { XSWARM_GATEWAY_AGENT: 'simulator', XSWARM_HOME: disk.folder } });

async function cutUnderLoad(disk: Disk, project: string): Promise<Cut[]> {
  const system = await systemOn(disk, project);
  const cuts: Cut[] = [];
  try {
    await system.start();
    await system.cli('user', 'add', 'ann', '--admin');
    const told: Acknowledged[] = [];
    let isOver = false;
    const senders: Promise<void>[] = [];
    for (let index = 0; index < SESSIONS; index += 1) {
      const made = await system.rest('POST', '/sessions', { user_id: 'ann', project_path: system.project });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      senders.push(keepSending(system, made.body.session_id as string, () => isOver, told));
    }
    for (let cut = 0; cut < CUTS; cut += 1) {
      await delay(1_500 + Math.random() * 1_000);
      cuts.push(
        whileFrozen(system.pid(), () => {
          const acknowledged = [...told];
          return { disk: disk.powerCut(), acknowledged };
        }),
      );
    }
    isOver = true;
    await Promise.all(senders);
  } finally {
    await system.remove();
  }
  return cuts;
}

test(
  'a power cut at any moment takes nothing back that was acknowledged, and all of it is carried out once',
  { skip: canMount() ? false : 'needs the right to mount a file' },
  async () => {
    const disk = makeDisk(192);
    const project = mkdtempSync(join(tmpdir(), 'xswarm-project-'));
    const cuts: Cut[] = [];
    try {
      cuts.push(...(await cutUnderLoad(disk, project)));
      for (const cut of cuts) {
        assert.ok(cut.acknowledged.length > 10, `${cut.acknowledged.length} acknowledged`);
        await assertNothingLost(cut, project);
      }
    } finally {
      for (const one of [disk, ...cuts.map((cut) => cut.disk)]) one.remove();
      rmSync(project, { recursive: true });
    }
  },
);

async function assertNothingLost({ disk, acknowledged }: Cut, project: string): Promise<void> {
  for (const name of ['xswarm.db', 'gateway.db', 'temporal/temporal.db']) assertWhole(join(disk.folder, name));
  // The machine has been started since.
  rmSync(join(disk.folder, 'mirror.boot'), { force: true });
  const system = await systemOn(disk, project);
  try {
    await system.start();
    for (const { session, message } of acknowledged) {
      const path = `/sessions/${session}/messages/${message}`;
      let answer: RestAnswer['body'] = {};
      const isSettled = async (): Promise<boolean> => {
        answer = (await system.rest('GET', path)).body;
        return answer.status !== 'queued' && answer.status !== 'sent';
      };
      await until(`${message} has an outcome`, isSettled, { limitMs: 60_000 });
      assert.equal(answer.status, 'done', JSON.stringify(answer));
    }
    const db = new BetterSqlite3(join(disk.folder, 'xswarm.db'), { readonly: true });
    const repeated = db
      .prepare('SELECT reply_to FROM claude_code_messages WHERE reply_to IS NOT NULL GROUP BY 1 HAVING count(*) > 1')
      .all();
    db.close();
    assert.deepEqual(repeated, []);
    const check = await system.cli('mirror', 'check', '--json');
    assert.equal(jsonLines(check.stdout).at(-1)?.differences, 0, check.stdout);
  } finally {
    await system.remove();
  }
}

function assertWhole(path: string): void {
  const db = new BetterSqlite3(path);
  assert.equal(db.pragma('integrity_check', { simple: true }), 'ok', path);
  db.close();
}
