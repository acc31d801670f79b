import type { Config } from '../../config/sections.ts';
import { closeDatabase, openDatabase } from '../../../db/open.ts';
import { makeUserService } from '../../../db/users.ts';
import { dataFiles } from '../../backup/data-files.ts';
import { addFirstUser, userIdOf } from '../local-admin.ts';

/** What `start` learns from the database before the app has it. */
export interface PreparedDatabase {
  /** Whether there has been no session yet. */
  isFirst: boolean;
  /** The user that was added because there was none. */
  added: string | null;
  /** Whom the lines to paste act for. */
  userId: string;
}

/** Brings the database up to date, adds the first user, and closes it again. */
export function prepareDatabase(dataDir: string, config: Config, osUser: string): PreparedDatabase {
  const db = openDatabase({ path: dataFiles.database(dataDir), durability: config.storage.durability });
  try {
    const users = makeUserService(db);
    const added = addFirstUser(users, osUser);
    const session = db.$client.prepare('SELECT 1 FROM claude_code_sessions LIMIT 1').get();
    const all = users.list();
    const own = all.find(({ id }) => id === userIdOf(osUser)) ?? all.find(({ admin }) => admin) ?? all[0];
    return { isFirst: session === undefined, added: added?.id ?? null, userId: own?.id ?? userIdOf(osUser) };
  } finally {
    closeDatabase(db);
  }
}
