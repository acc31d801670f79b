import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { closeDatabase, openDatabase } from '../../db/file/open.ts';
import type { Database } from '../../db/file/open.ts';

/** An empty database in a folder of its own; both are gone after the test. */
export function openTestDb(t: Pick<TestContext, 'after'>): Database & { path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'xswarm-db-'));
  const path = join(folder, 'xswarm.db');
  const db = openDatabase({ path, durability: 'normal' });
  t.after(() => {
    closeDatabase(db);
    rmSync(folder, { recursive: true, force: true });
  });
  return Object.assign(db, { path });
}
