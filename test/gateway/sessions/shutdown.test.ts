import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Journal } from '../../../gateway/journal/journal.ts';
import { startGatewayProcess } from '../../support/gateway/gateway-process.ts';
import { startTestGateway } from '../../support/gateway/test-gateway.ts';
import { canMount, makeSmallDisk } from '../../support/machine/disk-image.ts';
import { until } from '../../support/until.ts';

/** The longest that a shutdown may take: 3 s of grace, 3 s for what cannot be written, and a loaded machine. */
const BOUND_MS = 15_000;

test('a gateway whose journal cannot be written stops in time, reports what is lost, and settles it after the next start', async () => {
  const log: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void log.push(line) });
  let isFull = false;
  const fillable = (journal: Journal): Journal => ({
    ...journal,
    transaction(work) {
      if (isFull) throw new Error('disk full');
      journal.transaction(work);
    },
  });
  const gate = await startTestGateway({ logger, around: { journal: fillable } });
  try {
    const session_id = randomUUID();
    const client = await gate.connect();
    await client.open({ session_id, project_path: gate.project });
    const id = randomUUID();
    await client.send('[think 100ms]', id);
    isFull = true;
    await until('the journal cannot be written', () => log.some((line) => line.includes('cannot be written')));
    const began = Date.now();
    const first = gate.gateway.close();
    await Promise.all([first, gate.gateway.close({ graceMs: 0 })]);
    assert.ok(Date.now() - began < BOUND_MS, `${Date.now() - began} ms`);
    const said = log.map((line) => JSON.parse(line) as { msg: string; unwritten?: object[] });
    const lost = said.find(({ unwritten }) => unwritten !== undefined);
    assert.match(lost!.msg, /could not be written to the journal: the next start settles their turns/);
    assert.ok(lost!.unwritten!.some((each) => JSON.stringify(each) === JSON.stringify({ session_id, type: 'result' })));

    isFull = false;
    await gate.restart();
    const again = await gate.connect();
    await again.open({ session_id, epoch: 2, project_path: gate.project });
    assert.equal((await again.result(id)).outcome, 'done');
    const results = again.events.filter(({ event }) => event.type === 'result');
    assert.equal(results.length, 1);
  } finally {
    isFull = false;
    await gate.close();
  }
});

test('SIGTERM, and SIGTERM again, end a gateway whose disk is full', { skip: !canMount() }, async () => {
  const disk = makeSmallDisk(4);
  const gate = await startGatewayProcess(() => ({ dataDir: disk.folder }));
  try {
    const session_id = randomUUID();
    const client = await gate.connect();
    await client.open({ session_id, project_path: gate.project });
    const id = randomUUID();
    await client.send('[think 2s] [chars 200000]', id);
    fill(join(disk.folder, 'ballast'));
    const began = Date.now();
    const ended = gate.terminate();
    const isRefused = (): Promise<boolean> =>
      gate
        .connect()
        .then(() => false)
        .catch(() => true);
    await until('the gateway refuses connections', isRefused);
    await Promise.all([ended, gate.terminate()]);
    assert.ok(Date.now() - began < BOUND_MS, `${Date.now() - began} ms`);

    rmSync(join(disk.folder, 'ballast'));
    await gate.start();
    const again = await gate.connect();
    await again.open({ session_id, epoch: 2, project_path: gate.project });
    assert.equal((await again.result(id)).outcome, 'done');
  } finally {
    await gate.close();
    disk.remove();
  }
});

/** Writes until the disk has no room left. */
function fill(path: string): void {
  for (let size = 4 * 2 ** 20; size >= 1024; size /= 2) {
    try {
      writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // A part of it is written; the rest is tried with less.
    }
  }
  assert.ok(readFileSync(path).length > 0);
}
