import type BetterSqlite3 from 'better-sqlite3';
import { databaseAway, isDatabaseAway } from './away.ts';

/** The driver waits in the event loop: long enough for another process's commit, too short for it to be missed. */
const PATIENCE_MS = 2_000;
/** Where the last wait was in vain, so that a lock that stays does not hold up everything else. */
const IMPATIENCE_MS = 50;

/** What a try takes: more than one message, so that a disk with its last page free does not count as one with room. */
const PROBE = { id: 'write probe', bytes: 64 * 1024 };

/** Whether the file can be written, as far as the last write tells. */
export interface WriteHealth {
  /** Notes how a write ended: null where it went well. */
  note(error: unknown): void;
  /** Has the next check try, because something failed that may have the same disk. */
  suspect(): void;
  /** Throws `UNAVAILABLE` with the reason where something failed and a write fails now. */
  check(): void;
}

/** Watches over a connection that has just been opened. */
export function makeWriteHealth(client: BetterSqlite3.Database): WriteHealth {
  let failure: unknown = null;
  let suspected = false;
  client.pragma(`busy_timeout = ${PATIENCE_MS}`);

  function note(error: unknown): void {
    if (error !== null && !isDatabaseAway(error)) return;
    if ((failure === null) === (error === null)) return;
    failure = error;
    if (client.open) client.pragma(`busy_timeout = ${error === null ? PATIENCE_MS : IMPATIENCE_MS}`);
  }

  return {
    note,
    suspect() {
      suspected = true;
    },
    check() {
      if (failure === null && !suspected) return;
      try {
        probe(client);
        suspected = false;
        note(null);
      } catch (error) {
        note(error);
        throw isDatabaseAway(error) ? databaseAway(error) : error;
      }
    },
  };
}

/** Writes something into the file and takes it out again; throws when it cannot. */
function probe(client: BetterSqlite3.Database): void {
  const { id, bytes } = PROBE;
  const insert = client.prepare(
    "INSERT OR REPLACE INTO message_bodies (message_id, session_id, content, bytes) VALUES (?, '', ?, ?)",
  );
  insert.run(id, 'x'.repeat(bytes), bytes);
  client.prepare('DELETE FROM message_bodies WHERE message_id = ?').run(id);
}
