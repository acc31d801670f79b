import type { Audit } from '../../domain/access/audit.ts';
import type { Caller, Door } from '../../domain/access/caller.ts';
import type { XswarmError } from '../../domain/errors.ts';

/** Records a call that was refused because of who sent it; other errors are not refusals. */
export function recordRefusal(
  audit: Audit,
  error: XswarmError,
  call: { caller: Caller | null; door: Door; object: string; action?: 'call' | 'login' },
): void {
  if (error.code !== 'UNAUTHENTICATED' && error.code !== 'FORBIDDEN') return;
  const { caller, door, object, action = 'call' } = call;
  audit.record({
    who: caller?.user_id ?? null,
    door: caller?.via === 'cookie' ? 'web' : door,
    evidence: caller?.via ?? 'none',
    action,
    object,
    outcome: 'refused',
    reason: error.message,
  });
}
