import type { Caller } from './caller.ts';

/** One browser that is logged in to the page. */
export interface Login {
  id: string;
  user_id: string;
  /** What the browser calls itself. */
  device: string;
  created_at: string;
  last_used_at: string;
  /** When it ends at the latest; it ends earlier after 7 days without use. */
  expires_at: string;
}

/** Who a cookie stands for. */
export interface LoggedIn {
  caller: Caller;
  login_id: string;
}

/** Logins of browsers. Secrets are stored as hashes and shown once. */
export interface LoginService {
  /** A code that logs one browser in, once, within 60 s. Throws `USER_NOT_FOUND`. */
  createCode(userId: string): { code: string; expires_at: string };
  /** Turns a code, or an API token, into a login; null when it is none, was used, or is too old. */
  logIn(proof: { code: string } | { token: string }, device: string): { login: Login; secret: string } | null;
  /** The login a cookie stands for; null when it is none, has ended, or its token has. */
  authenticate(secret: string): LoggedIn | null;
  list(userId: string): Login[];
  /** Ends a login of a user; one that is not there has ended already. */
  end(userId: string, loginId: string): void;
  /** Ends all logins of a user but one. */
  endOthers(userId: string, loginId: string | null): void;
}
