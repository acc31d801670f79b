import type { FoundSession } from '../../../db/queries/sessions.ts';
import { XswarmError } from '../../../domain/errors.ts';
import { hasEnded, isActive } from '../../../domain/session/session.ts';
import { onlyUserOf } from '../../access/policy.ts';
import type { SessionService } from '../service.ts';
import type { ServiceContext } from '../context.ts';
import { correctEnded, isNotRunning } from './correct-ended.ts';
import { waitFor } from '../wait-for.ts';

const REAPED_AT_ONCE = 20;

/** Ends a session and waits until it has ended; one that has ended keeps its first reason. */
export const makeDisconnect = (context: ServiceContext): SessionService['disconnect'] =>
  async function disconnect(caller, sessionId, reason) {
    const session = context.visible(caller, 'change_session', sessionId);
    if (hasEnded(session.status)) return endOf(session, reason);
    await askToEnd(context, session, reason);
    const ended = await waitForEnd(context, sessionId, context.waits.disconnectMs);
    if (ended !== null) return endOf(ended, reason);
    throw new XswarmError('UNAVAILABLE', `Session is still disconnecting: ${sessionId}`, {
      details: { retry_after_seconds: 2 },
    });
  };

/** Ends every session that the caller may end and that is past its idle timeout, and counts those that did. */
export const makeCleanup = (context: ServiceContext): SessionService['cleanup'] =>
  async function cleanup(caller) {
    const now = Date.now();
    const due = context.sessions.quiet(onlyUserOf(caller)).filter((session) => {
      const timeoutSeconds = session.idle_timeout_seconds ?? context.defaults.idle_timeout_seconds;
      return now - Date.parse(session.last_activity) >= timeoutSeconds * 1000;
    });
    // Taken from one iterator, so that a slow one holds up no other.
    const next = due.values();
    const reapNext = async (): Promise<number> => {
      let ended = 0;
      for (const { id } of next) if (await reap(context, id)) ended += 1;
      return ended;
    };
    const counts = await Promise.all(Array.from({ length: REAPED_AT_ONCE }, reapNext));
    return counts.reduce((sum, ended) => sum + ended, 0);
  };

/** Stops the turn that runs, or only the turn of one message; false when there is no such turn. The session stays open. */
export const makeInterrupt = (context: ServiceContext): SessionService['interrupt'] =>
  async function interrupt(caller, sessionId, messageId) {
    const session = context.visible(caller, 'change_session', sessionId);
    const id = messageId?.toLowerCase();
    if (!isActive(session.status)) return false;
    // Nobody listens to a turn that waits for a person. First, so that the same call again completes one that was cut off.
    const waits = context.messages.unsettled(sessionId).some(({ status }) => status === 'waiting');
    if (waits) await context.workflows.withdraw(sessionId, 'The turn was interrupted', id);
    return await context.gateway.interrupt(sessionId, id);
  };

async function askToEnd(context: ServiceContext, session: FoundSession, reason: string): Promise<void> {
  try {
    await context.workflows.disconnect(session.id, reason);
  } catch (error) {
    if (!isNotRunning(error)) throw error;
    // It has ended already and told the mirror, or it was stopped in Temporal or is gone, and nobody tells the mirror.
    await correctEnded(context, session.id, reason);
  }
}

async function reap(context: ServiceContext, sessionId: string): Promise<boolean> {
  // Its own timer may have ended it while others were reaped.
  if (isEnded(context, sessionId)) return false;
  try {
    await context.workflows.reap(sessionId);
  } catch (error) {
    if (!(error instanceof XswarmError) || error.code === 'UNAVAILABLE') throw error;
    // It ended by itself meanwhile: nothing was cleaned.
    return false;
  }
  return (await waitForEnd(context, sessionId, context.waits.reapMs)) !== null;
}

function isEnded(context: ServiceContext, sessionId: string): boolean {
  const session = context.sessions.find(sessionId);
  return session === null || hasEnded(session.status);
}

/** Waits until the mirror shows that the session has ended; null when the time is over. */
export function waitForEnd(
  context: ServiceContext,
  sessionId: string,
  timeoutMs: number,
): Promise<FoundSession | null> {
  return waitFor(context.bus, {
    sessionId,
    events: ['closed'],
    timeoutMs,
    look() {
      const session = context.sessions.find(sessionId);
      return session !== null && hasEnded(session.status) ? session : null;
    },
  });
}

function endOf(session: FoundSession, reason: string): { reason: string; timestamp: string } {
  return { reason: session.reason ?? reason, timestamp: session.ended_at ?? session.last_activity };
}
