import { mkdirSync } from 'node:fs';
import type { Audit, AuditEntry } from '../../domain/access/audit.ts';
import type { LoginService } from '../../domain/access/login.ts';
import type { UserService } from '../../domain/access/user.ts';
import type { CliContext } from '../context.ts';

/** What is in the database about people. */
export interface People {
  users: UserService;
  logins: LoginService;
  audit: Audit;
  /** Records what this command did, for the person at the operating system. */
  note: (action: AuditEntry['action'], object: string, reason?: string) => void;
}

/** Opens the database file for as long as `use` needs the people in it; works whether or not xswarm runs. */
export async function withUsers<T>(context: CliContext, use: (people: People) => T): Promise<T> {
  const [
    { loadClientConfig },
    { openDatabase, closeDatabase },
    { makeUserService },
    { Logins },
    { AuditTrail },
    { dataFiles },
  ] = await Promise.all([
    import('../../host/config/load.ts'),
    import('../../db/file/open.ts'),
    import('../../db/people/users.ts'),
    import('../../db/people/logins.ts'),
    import('../../db/people/audit-trail.ts'),
    import('../../host/config/data-folder.ts'),
  ]);
  const { config } = loadClientConfig(context);
  mkdirSync(context.dataDir, { recursive: true, mode: 0o700 });
  const db = openDatabase({ path: dataFiles.database(context.dataDir), durability: config.storage.durability });
  try {
    const users = makeUserService(db);
    const audit = new AuditTrail(db, null);
    const me = { who: context.osUser, door: 'cli', evidence: 'local', outcome: 'done' } as const;
    return use({
      users,
      logins: new Logins(db, users),
      audit,
      note: (action, object, reason) => audit.record({ ...me, action, object, reason }),
    });
  } finally {
    closeDatabase(db);
  }
}
