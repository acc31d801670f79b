import { eq } from 'drizzle-orm';
import type { User } from '../../domain/access/user.ts';
import type { Database } from '../file/open.ts';
import { users } from '../schema/people.ts';
import { normalEmail, normalPhone } from '../people/user-fields.ts';

/** The user a message came from: by phone for `sms`, by address for `email`, else by id; null when there is none. */
export function findUserByChannel(db: Database, channel: string, from: string): User | null {
  const one = db.select().from(users);
  switch (channel.toLowerCase()) {
    case 'sms':
      return one.where(eq(users.phone, normalPhone(from))).get() ?? null;
    case 'email':
      return one.where(eq(users.email, normalEmail(from))).get() ?? null;
    default:
      return one.where(eq(users.id, from)).get() ?? null;
  }
}

/** Whether there is a user of this id. */
export function userExists(db: Database, id: string): boolean {
  return db.select({ id: users.id }).from(users).where(eq(users.id, id)).get() !== undefined;
}
