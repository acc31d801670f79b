import type { User, UserService } from '../../domain/user.ts';

/** Makes a user id of a name at the operating system. */
export function userIdOf(osUser: string): string {
  const id = osUser
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 64);
  return id === '' ? 'me' : id;
}

/** Adds an admin named like the person at the operating system where there is no user yet; null where there are users. */
export function addFirstUser(users: UserService, osUser: string): User | null {
  if (users.list().length > 0) return null;
  return users.add({ id: userIdOf(osUser), admin: true });
}
