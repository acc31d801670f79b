import { takesMessages } from '../../../domain/session/session.ts';
import { errors } from '../../../domain/errors.ts';
import type { SessionService } from '../service.ts';
import type { ServiceContext } from '../context.ts';
import { correctEnded, isNotRunning } from './correct-ended.ts';

const MAX_REMEMBERED = 10_000;
/** Presence is passed on when so much of the idle timeout has gone by: a signal costs the workflow a task. */
const SHARE_OF_TIMEOUT = 1 / 3;

/** Passes presence on to the workflow, only as often as the idle timeout needs it. */
export function makePresence(context: ServiceContext): SessionService['presence'] {
  const passedOn = new Map<string, number>();

  return async function presence(caller, sessionId) {
    const session = context.visible(caller, 'change_session', sessionId);
    if (!takesMessages(session.status)) throw errors.sessionNotActive(sessionId);
    const now = Date.now();
    const timeoutMs = (session.options.idle_timeout_seconds ?? context.defaults.idle_timeout_seconds) * 1000;
    const counted = Math.max(passedOn.get(sessionId) ?? 0, Date.parse(session.last_activity));
    if (now - counted < timeoutMs * SHARE_OF_TIMEOUT) return;
    passedOn.delete(sessionId);
    passedOn.set(sessionId, now);
    const oldest = passedOn.size > MAX_REMEMBERED ? passedOn.keys().next().value : undefined;
    if (oldest !== undefined) passedOn.delete(oldest);
    try {
      await context.workflows.presence(sessionId);
    } catch (error) {
      passedOn.delete(sessionId);
      if (!isNotRunning(error)) throw error;
      if (session.version > 0) await correctEnded(context, sessionId);
      throw errors.sessionNotActive(sessionId);
    }
  };
}
