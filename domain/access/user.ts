import type { Caller } from './caller.ts';

/** Users and API tokens; what the CLI and admins use. */
export interface User {
  id: string;
  phone: string | null;
  email: string | null;
  admin: boolean;
  default_project: string | null;
  created_at: string;
}

export interface TokenInfo {
  id: string;
  user_id: string;
  name: string | null;
  created_at: string;
  last_used_at: string | null;
  /** When it ends by itself; null: never. */
  expires_at: string | null;
  revoked_at: string | null;
}

/** What went with a user, and what stays. */
export interface RemovedUser {
  /** Tokens that were valid until now. */
  tokens: number;
  logins: number;
  /** Ended sessions: they stay, and only administrators see them. */
  sessions: number;
}

export interface UserService {
  add(user: { id: string; phone?: string; email?: string; admin?: boolean; default_project?: string }): User;
  list(): User[];
  get(id: string): User | null;
  /** Removes a user with their tokens and logins; refuses while the user has open sessions (`INVALID_REQUEST`). */
  remove(id: string): RemovedUser;
  /** The secret is shown here and never again. `expires_at` must be in the future. */
  createToken(userId: string, options?: { name?: string; expires_at?: string }): { info: TokenInfo; secret: string };
  listTokens(userId?: string): TokenInfo[];
  revokeToken(id: string): void;
  /** The caller a bearer token stands for, compared in constant time; null when it is none, revoked or expired. */
  authenticate(secret: string): Caller | null;
}

/** Makes a user id of a name at the operating system. */
export function userIdOf(osUser: string): string {
  const id = osUser
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 64);
  return id === '' ? 'me' : id;
}
