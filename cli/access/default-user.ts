import { existsSync } from 'node:fs';
import { UsageError } from 'clipanion';
import { userIdOf } from '../../domain/access/user.ts';
import { dataFiles } from '../../host/config/data-folder.ts';
import { notEmpty } from './connector-of.ts';
import type { CliContext } from '../context.ts';
import { withUsers } from './with-users.ts';

/**
 * Decides whom a command acts for: the option, `XSWARM_USER`, the only user there is, or the one named like the person at
 * the operating system. Throws `UsageError` where several users leave it open.
 */
export async function defaultUser(option: string | undefined, context: CliContext): Promise<string> {
  const named = option ?? notEmpty(context.env.XSWARM_USER);
  if (named !== undefined) return named;
  const own = userIdOf(context.osUser);
  if (notEmpty(context.env.XSWARM_URL) !== undefined || !existsSync(dataFiles.database(context.dataDir))) return own;
  const ids = await withUsers(context, ({ users }) => users.list().map((user) => user.id));
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) return only;
  if (ids.length === 0 || ids.includes(own)) return own;
  throw new UsageError(`Several users are there (${ids.slice(0, 5).join(', ')}): name one with --user or XSWARM_USER`);
}
