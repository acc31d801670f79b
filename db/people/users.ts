import { and, asc, count, eq, isNull } from 'drizzle-orm';
import { errors, XswarmError } from '../../domain/errors.ts';
import type { RemovedUser, User, UserService } from '../../domain/access/user.ts';
import type { Database } from '../file/open.ts';
import { sessions } from '../schema/conversations.ts';
import { apiTokens, logins, users } from '../schema/people.ts';
import { makeTokens } from './tokens.ts';
import { countOpenSessions } from '../queries/open-sessions.ts';
import { normalEmail, normalPhone } from './user-fields.ts';

const USER_ID = /^[A-Za-z0-9._:@+-]{1,128}$/;
const PHONE = /^\+?[0-9]{3,15}$/;
const EMAIL = /^[^\s@]+@[^\s@]+$/;

/** Users and their tokens in the file; each call is one transaction. */
export function makeUserService(db: Database): UserService {
  const get = (id: string): User | null => db.select().from(users).where(eq(users.id, id)).get() ?? null;

  return {
    ...makeTokens(db),
    get,
    list: () => db.select().from(users).orderBy(asc(users.created_at), asc(users.id)).all(),
    add(user) {
      const row = checkedUser(user);
      return db.transaction(
        () => {
          if (get(row.id) !== null) throw new XswarmError('USER_EXISTS', `User already exists: ${row.id}`);
          refuseTaken(db, 'phone', row.phone);
          refuseTaken(db, 'email', row.email);
          return db.insert(users).values(row).returning().get();
        },
        { behavior: 'immediate' },
      );
    },
    remove(id) {
      return db.transaction(
        () => {
          if (get(id) === null) throw errors.userNotFound(id);
          const open = countOpenSessions(db, id);
          if (open > 0) throw errors.invalidRequest(`User has open sessions: ${id} (${open}): disconnect them first`);
          const removed = belongings(db, id);
          db.delete(users).where(eq(users.id, id)).run();
          return removed;
        },
        { behavior: 'immediate' },
      );
    },
  };
}

function belongings(db: Database, userId: string): RemovedUser {
  const valid = and(eq(apiTokens.user_id, userId), isNull(apiTokens.revoked_at));
  const tokens = db.select({ n: count() }).from(apiTokens).where(valid).get();
  const browsers = db.select({ n: count() }).from(logins).where(eq(logins.user_id, userId)).get();
  const ended = db.select({ n: count() }).from(sessions).where(eq(sessions.user_id, userId)).get();
  return { tokens: tokens?.n ?? 0, logins: browsers?.n ?? 0, sessions: ended?.n ?? 0 };
}

function checkedUser(user: Parameters<UserService['add']>[0]): User {
  const phone = user.phone === undefined ? null : normalPhone(user.phone);
  const email = user.email === undefined ? null : normalEmail(user.email);
  if (!USER_ID.test(user.id)) {
    throw errors.invalidRequest(`id: "${user.id}" is no user id: 1 to 128 of A-Z a-z 0-9 . _ : @ + - are`);
  }
  if (phone !== null && !PHONE.test(phone)) {
    throw errors.invalidRequest(`phone: "${user.phone ?? ''}" is no phone number: write it like +15550100`);
  }
  if (email !== null && !EMAIL.test(email)) {
    throw errors.invalidRequest(`email: "${user.email ?? ''}" is no address: write it like a@example.org`);
  }
  return {
    id: user.id,
    phone,
    email,
    admin: user.admin ?? false,
    default_project: user.default_project ?? null,
    created_at: new Date().toISOString(),
  };
}

function refuseTaken(db: Database, column: 'phone' | 'email', value: string | null): void {
  if (value === null) return;
  const owner = db.select({ id: users.id }).from(users).where(eq(users[column], value)).get();
  if (owner !== undefined)
    throw new XswarmError('USER_EXISTS', `User ${owner.id} already has this ${column}: ${value}`);
}
