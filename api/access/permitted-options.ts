import { isWider, narrower } from '../../domain/control/policy.ts';
import { errors } from '../../domain/errors.ts';
import type { PermissionMode, SessionOptions } from '../../domain/session/session.ts';

/** What the configuration says about permission modes. */
export interface ModeLimits {
  auth: 'local' | 'token' | 'socket';
  /** The widest mode of any session. */
  widest: PermissionMode;
  /** The mode of a session that does not choose. */
  byDefault: PermissionMode;
}

/** The widest mode of a user's sessions: everything for an admin in local mode, else what needs no person's trust in the caller. */
function ceilingOf(user: { admin: boolean }, { auth, widest }: ModeLimits): PermissionMode {
  const own = user.admin && auth !== 'token' ? 'bypassPermissions' : 'acceptEdits';
  return narrower(own, widest);
}

/** The options as the ceiling permits them. Throws `NOT_PERMITTED` for a mode that was asked for and is wider. */
export function permittedOptions(
  user: { id: string; admin: boolean },
  options: SessionOptions,
  limits: ModeLimits,
): SessionOptions {
  const ceiling = ceilingOf(user, limits);
  const { permission_mode: asked } = options;
  if (asked !== undefined && asked !== null && isWider(asked, ceiling)) {
    throw errors.notPermitted(
      `permission_mode "${asked}" is wider than sessions of ${user.id} may have: "${ceiling}" at most`,
    );
  }
  return narrowedOptions(user, options, limits);
}

/** Stored options as the ceiling is now: a mode that was permitted once is narrowed, and so is the default mode. */
export function narrowedOptions(user: { admin: boolean }, options: SessionOptions, limits: ModeLimits): SessionOptions {
  const ceiling = ceilingOf(user, limits);
  return isWider(options.permission_mode ?? limits.byDefault, ceiling)
    ? { ...options, permission_mode: ceiling }
    : options;
}
