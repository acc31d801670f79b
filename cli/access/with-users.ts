import { mkdirSync } from 'node:fs';
import type { LoginService } from '../../domain/access/login.ts';
import type { UserService } from '../../domain/access/user.ts';
import type { CliContext } from '../context.ts';

/** Opens the database file for as long as `use` needs the users and logins in it; works whether or not xswarm runs. */
export async function withUsers<T>(
  context: CliContext,
  use: (users: UserService, logins: LoginService) => T,
): Promise<T> {
  const [{ loadConfig }, { openDatabase, closeDatabase }, { makeUserService }, { Logins }, { dataFiles }] =
    await Promise.all([
      import('../../host/config/load.ts'),
      import('../../db/file/open.ts'),
      import('../../db/people/users.ts'),
      import('../../db/people/logins.ts'),
      import('../../host/config/data-folder.ts'),
    ]);
  const { config } = loadConfig(context);
  mkdirSync(context.dataDir, { recursive: true, mode: 0o700 });
  const db = openDatabase({ path: dataFiles.database(context.dataDir), durability: config.storage.durability });
  try {
    const users = makeUserService(db);
    return use(users, new Logins(db, users));
  } finally {
    closeDatabase(db);
  }
}
