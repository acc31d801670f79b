import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { and, desc, eq, gt, lt, ne, or } from 'drizzle-orm';
import { errors } from '../../domain/errors.ts';
import type { LoggedIn, Login, LoginService } from '../../domain/access/login.ts';
import type { UserService } from '../../domain/access/user.ts';
import { isDatabaseAway } from '../file/away.ts';
import type { Database } from '../file/open.ts';
import { apiTokens, loginCodes, logins, users } from '../schema/people.ts';

const CODE_MS = 60_000;
const IDLE_MS = 7 * 86_400_000;
const ABSOLUTE_MS = 30 * 86_400_000;
const LAST_USE_EVERY_MS = 60_000;
const SECRET = /^([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

/** Logins in the file. A secret is `<login id>_<256 random bits>`; only its SHA-256 is stored, and so for codes. */
export class Logins implements LoginService {
  readonly #db: Database;
  readonly #users: Pick<UserService, 'authenticate' | 'get'>;
  readonly #now: () => number;

  constructor(db: Database, userService: Pick<UserService, 'authenticate' | 'get'>, now: () => number = Date.now) {
    this.#db = db;
    this.#users = userService;
    this.#now = now;
  }

  createCode(userId: string): { code: string; expires_at: string } {
    if (this.#users.get(userId) === null) throw errors.userNotFound(userId);
    const code = randomBytes(24).toString('base64url');
    const expires_at = this.#iso(CODE_MS);
    this.#db.delete(loginCodes).where(lt(loginCodes.expires_at, this.#iso())).run();
    this.#db
      .insert(loginCodes)
      .values({ hash: sha256(code), user_id: userId, expires_at })
      .run();
    return { code, expires_at };
  }

  logIn(proof: { code: string } | { token: string }, device: string): { login: Login; secret: string } | null {
    const who = 'code' in proof ? this.#redeem(proof.code) : this.#byToken(proof.token);
    if (who === null) return null;
    const id = randomBytes(8).toString('hex');
    const secret = `${id}_${randomBytes(32).toString('base64url')}`;
    const now = this.#iso();
    const row = {
      ...who,
      id,
      hash: sha256(secret),
      device: device.slice(0, 300),
      created_at: now,
      last_used_at: now,
      expires_at: this.#iso(ABSOLUTE_MS),
    };
    this.#db.delete(logins).where(this.#ended()).run();
    return { login: toLogin(this.#db.insert(logins).values(row).returning().get()), secret };
  }

  authenticate(secret: string): LoggedIn | null {
    const id = SECRET.exec(secret)?.[1];
    if (id === undefined) return null;
    const found = this.#db
      .select({ login: logins, admin: users.admin, revoked: apiTokens.revoked_at, tokenEnds: apiTokens.expires_at })
      .from(logins)
      .innerJoin(users, eq(users.id, logins.user_id))
      .leftJoin(apiTokens, eq(apiTokens.id, logins.token_id))
      .where(eq(logins.id, id))
      .get();
    if (found === undefined || found.revoked !== null) return null;
    if (!timingSafeEqual(Buffer.from(sha256(secret)), Buffer.from(found.login.hash))) return null;
    const { last_used_at, expires_at, user_id } = found.login;
    const now = this.#now();
    if (found.tokenEnds !== null && now >= Date.parse(found.tokenEnds)) return null;
    if (now >= Date.parse(expires_at) || now - Date.parse(last_used_at) > IDLE_MS) return null;
    if (now - Date.parse(last_used_at) > LAST_USE_EVERY_MS) this.#markUsed(id);
    return { caller: { user_id, admin: found.admin, via: 'cookie' }, login_id: id };
  }

  list(userId: string): Login[] {
    const rows = this.#db
      .select()
      .from(logins)
      .where(and(eq(logins.user_id, userId), gt(logins.expires_at, this.#iso())))
      .orderBy(desc(logins.last_used_at));
    return rows.all().map(toLogin);
  }

  end(userId: string, loginId: string): void {
    this.#db
      .delete(logins)
      .where(and(eq(logins.id, loginId), eq(logins.user_id, userId)))
      .run();
  }

  endOthers(userId: string, loginId: string | null): void {
    const others = loginId === null ? undefined : ne(logins.id, loginId);
    this.#db
      .delete(logins)
      .where(and(eq(logins.user_id, userId), others))
      .run();
  }

  /** One statement, so that of two browsers with the same code one gets it. */
  #redeem(code: string): { user_id: string; token_id: null } | null {
    const row = this.#db
      .delete(loginCodes)
      .where(eq(loginCodes.hash, sha256(code)))
      .returning()
      .get();
    if (row === undefined || this.#now() >= Date.parse(row.expires_at)) return null;
    return { user_id: row.user_id, token_id: null };
  }

  #byToken(token: string): { user_id: string; token_id: string | null } | null {
    const caller = this.#users.authenticate(token);
    const id = /^xsw_([0-9a-f]{16})_/.exec(token)?.[1];
    if (caller === null || caller.user_id === null || id === undefined) return null;
    return { user_id: caller.user_id, token_id: id };
  }

  #markUsed(id: string): void {
    try {
      this.#db.update(logins).set({ last_used_at: this.#iso() }).where(eq(logins.id, id)).run();
    } catch (error) {
      // Reading continues while nothing can be written.
      if (!isDatabaseAway(error)) throw error;
      this.#db.health.note(error);
    }
  }

  #ended(): ReturnType<typeof or> {
    return or(lt(logins.expires_at, this.#iso()), lt(logins.last_used_at, this.#iso(-IDLE_MS)));
  }

  #iso(fromNowMs = 0): string {
    return new Date(this.#now() + fromNowMs).toISOString();
  }
}

function toLogin(row: typeof logins.$inferSelect): Login {
  const { id, user_id, device, created_at, last_used_at, expires_at } = row;
  return { id, user_id, device, created_at, last_used_at, expires_at };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
