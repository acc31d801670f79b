import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import { closeDatabase, openDatabase } from '../../db/file/open.ts';
import { makeMirrorRows } from '../../db/queries/mirror-rows.ts';
import type { MirrorRows } from '../../db/queries/mirror-rows.ts';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';

/** A mirror in memory, in which it is tried out which rows a session should have. */
export interface Scratch {
  rowsOf(sessionId: string, writes: MirrorWrite[]): Promise<MirrorRows>;
  close(): void;
}

/** Opens one; it holds one session at a time. */
export function openScratch(): Scratch {
  const db = openDatabase({ path: ':memory:', durability: 'normal' });
  const mirror = makeMirror(db, makeBus());
  const rows = makeMirrorRows(db);
  return {
    async rowsOf(sessionId, writes) {
      await mirror.rebuild(sessionId, async () => writes);
      const found = rows.rows(sessionId);
      db.$client.exec('DELETE FROM claude_code_sessions');
      if (found === null) throw new Error(`Session has no row: ${sessionId}`);
      return found;
    },
    close: () => closeDatabase(db),
  };
}
