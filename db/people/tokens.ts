import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { asc, eq, sql } from 'drizzle-orm';
import { errors } from '../../domain/errors.ts';
import type { TokenInfo, UserService } from '../../domain/access/user.ts';
import { isDatabaseAway } from '../file/away.ts';
import type { Database } from '../file/open.ts';
import { apiTokens, users } from '../schema/people.ts';

const LAST_USE_EVERY_MS = 60_000;
const SECRET = /^xsw_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

/** The token part of the user service. A secret is `xsw_<token id>_<256 random bits>`; only its SHA-256 is stored. */
export function makeTokens(
  db: Database,
): Pick<UserService, 'createToken' | 'listTokens' | 'revokeToken' | 'authenticate'> {
  const findToken = db
    .select({ token: apiTokens, admin: users.admin })
    .from(apiTokens)
    .innerJoin(users, eq(users.id, apiTokens.user_id))
    .where(eq(apiTokens.id, sql.placeholder('id')))
    .prepare();

  return {
    createToken(userId, { name, expires_at } = {}) {
      refuseUnknown(db, userId);
      const id = randomBytes(8).toString('hex');
      const secret = `xsw_${id}_${randomBytes(32).toString('base64url')}`;
      const created_at = new Date().toISOString();
      if (expires_at !== undefined && !(Date.parse(expires_at) > Date.now())) {
        throw errors.invalidRequest(`expires: ${expires_at} must be a time in the future`);
      }
      const hash = sha256(secret).toString('hex');
      const row = { id, user_id: userId, name: name ?? null, hash, created_at, expires_at: expires_at ?? null };
      return { info: toInfo(db.insert(apiTokens).values(row).returning().get()), secret };
    },
    listTokens(userId) {
      if (userId !== undefined) refuseUnknown(db, userId);
      const all = db.select().from(apiTokens).orderBy(asc(apiTokens.created_at), asc(apiTokens.id));
      return (userId === undefined ? all.all() : all.where(eq(apiTokens.user_id, userId)).all()).map(toInfo);
    },
    revokeToken(id) {
      const row = db.select().from(apiTokens).where(eq(apiTokens.id, id)).get();
      if (row === undefined) throw errors.invalidRequest(`Token not found: ${id}`);
      if (row.revoked_at !== null) return;
      db.update(apiTokens).set({ revoked_at: new Date().toISOString() }).where(eq(apiTokens.id, id)).run();
    },
    authenticate(secret) {
      const id = SECRET.exec(secret)?.[1];
      if (id === undefined) return null;
      const found = findToken.get({ id });
      if (found === undefined || found.token.revoked_at !== null || isOver(found.token.expires_at)) return null;
      if (!timingSafeEqual(sha256(secret), Buffer.from(found.token.hash, 'hex'))) return null;
      markUsed(db, found.token);
      return { user_id: found.token.user_id, admin: found.admin, via: 'token' };
    },
  };
}

function isOver(expiresAt: string | null): boolean {
  return expiresAt !== null && Date.now() >= Date.parse(expiresAt);
}

function refuseUnknown(db: Database, userId: string): void {
  const user = db.select({ id: users.id }).from(users).where(eq(users.id, userId)).get();
  if (user === undefined) throw errors.userNotFound(userId);
}

/** Notes the use once a minute, so that not every request writes. */
function markUsed(db: Database, token: TokenInfo): void {
  const now = Date.now();
  if (token.last_used_at !== null && now - Date.parse(token.last_used_at) < LAST_USE_EVERY_MS) return;
  const last_used_at = new Date(now).toISOString();
  try {
    db.update(apiTokens).set({ last_used_at }).where(eq(apiTokens.id, token.id)).run();
  } catch (error) {
    // Reading goes on while nothing can be written, and who reads needs a token.
    if (!isDatabaseAway(error)) throw error;
    db.health.note(error);
  }
}

function toInfo(row: typeof apiTokens.$inferSelect): TokenInfo {
  const { id, user_id, name, created_at, last_used_at, expires_at, revoked_at } = row;
  return { id, user_id, name, created_at, last_used_at, expires_at, revoked_at };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
