import Database from 'better-sqlite3';
import { join } from 'node:path';
import { XswarmError } from '../../domain/errors.ts';

export type JournalDb = Database.Database;

/** How hard a commit is pressed onto the disk: `full` outlives a power cut, `normal` a killed process only. */
export type Durability = 'full' | 'normal';

const MIGRATIONS = [
  `
  CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    project_path TEXT NOT NULL,
    options TEXT NOT NULL,
    conversation TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE turns (
    session_id TEXT NOT NULL REFERENCES sessions (session_id),
    message_id TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'running', 'finished')),
    attempts INTEGER NOT NULL DEFAULT 0,
    accepted_seq INTEGER NOT NULL,
    result_seq INTEGER,
    started_at TEXT,
    carried TEXT,
    PRIMARY KEY (session_id, message_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX turns_unfinished ON turns (session_id, accepted_seq) WHERE state <> 'finished';

  CREATE TABLE events (
    session_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (session_id, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE agents (
    agent_id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    pid INTEGER,
    pid_started TEXT,
    started_at TEXT NOT NULL,
    ended_at TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX agents_alive ON agents (agent_id) WHERE ended_at IS NULL;
  `,
  `
  ALTER TABLE turns ADD COLUMN waits_for TEXT;

  CREATE TABLE calls (
    session_id TEXT NOT NULL,
    tool_use_id TEXT NOT NULL,
    interaction_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    input TEXT NOT NULL,
    answer TEXT,
    used INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session_id, tool_use_id)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX calls_by_interaction ON calls (session_id, interaction_id);
  `,
];

/** Opens the gateway's own SQLite file and brings it up to date. Throws `UNAVAILABLE` when a newer version wrote it. */
export function openJournalDb(dataDir: string, durability: Durability): JournalDb {
  const db = new Database(join(dataDir, 'gateway.db'));
  try {
    db.pragma('journal_mode = WAL');
    db.pragma(`synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
    db.pragma('foreign_keys = ON');
    db.pragma('busy_timeout = 2000');
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: JournalDb): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > MIGRATIONS.length) {
    throw new XswarmError(
      'UNAVAILABLE',
      `The gateway's journal has version ${version}, this program knows ${MIGRATIONS.length}: install the newer program`,
    );
  }
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${index + 1}`);
    })();
  }
}

/**
 * Takes the folder for this process until `release` or the process's end, however it ends.
 * Throws `UNAVAILABLE` when another gateway has it.
 */
export function lockDataDir(dataDir: string): { release(): void } {
  const db = new Database(join(dataDir, 'gateway.lock'), { timeout: 2000 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    throw new XswarmError('UNAVAILABLE', `Another gateway uses the data folder ${dataDir}: stop it first`, {
      cause: error,
    });
  }
  return { release: () => db.close() };
}
