import { closeDatabase, openDatabase } from '../../db/file/open.ts';
import { makeUserService } from '../../db/people/users.ts';
import { userIdOf } from '../../domain/access/user.ts';
import { dataFiles } from '../config/data-folder.ts';
import type { Config } from '../config/sections.ts';

/** What `start` reads from the database before the app opens it. */
export interface PreparedDatabase {
  /** Whether there has been no session yet. */
  isFirst: boolean;
  /** The user that was added because there was none. */
  added: string | null;
  /** The user in the commands that `start` prints. */
  userId: string;
}

/** Migrates the database, adds an admin named like the person at the operating system where there is no user, and closes it. */
export function prepareDatabase(dataDir: string, config: Config, osUser: string): PreparedDatabase {
  const db = openDatabase({ path: dataFiles.database(dataDir), durability: config.storage.durability });
  try {
    const users = makeUserService(db);
    const added = users.list().length > 0 ? null : users.add({ id: userIdOf(osUser), admin: true });
    const session = db.$client.prepare('SELECT 1 FROM claude_code_sessions LIMIT 1').get();
    const all = users.list();
    const own = all.find(({ id }) => id === userIdOf(osUser)) ?? all.find(({ admin }) => admin) ?? all[0];
    return { isFirst: session === undefined, added: added?.id ?? null, userId: own?.id ?? userIdOf(osUser) };
  } finally {
    closeDatabase(db);
  }
}
