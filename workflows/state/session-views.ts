import type { SessionSnapshot } from '../../domain/mirror/mirror-write.ts';
import type { SessionRecord } from '../../domain/session/session-record.ts';
import type { SessionLedger } from '../../domain/session/session-workflows.ts';
import { hasEnded } from '../../domain/session/session.ts';
import type { SubmitMessage } from '../definitions.ts';
import type { Lease } from '../session-activities.ts';
import { endOf } from './session-interactions.ts';
import { interactionsOf, statusOf } from './session-state.ts';
import type { SessionState } from './session-state.ts';

/** What operators and tests ask for. */
export function ledgerOf(state: SessionState): SessionLedger {
  return {
    session_id: state.session_id,
    status: statusOf(state),
    cost_nano: state.cost_nano,
    message_count: state.message_count,
    queue: state.queue.map((message) => message.message_id),
    current: state.current?.message_id ?? null,
    asked: interactionsOf(state).open.map(({ interaction_id }) => interaction_id),
  };
}

/** What the session is checked by, and made again from where the mirror was lost. */
export function recordOf(state: SessionState): SessionRecord {
  const { interactions, phase, cursor, cost_nano, message_count, current, queue, unsent } = state;
  return {
    snapshot: snapshotOf(state),
    ended: hasEnded(statusOf(state)),
    opening: phase.type === 'connecting',
    cursor,
    cost_nano,
    message_count,
    waiting: [...(current === null ? [] : [current]), ...queue].map((message) => message.message_id),
    unsent,
    ...(interactions === undefined ? {} : { decided: interactions.settled.map(endOf) }),
  };
}

const PREVIEW_CHARACTERS = 60;

/** The beginning of a message, for a line of the Web UI. A body that was too large for a signal is stored elsewhere. */
export function preview({ content }: Pick<SubmitMessage, 'content'>): string {
  if (content === null) return 'stored message';
  const line = content
    .slice(0, 4 * PREVIEW_CHARACTERS)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > PREVIEW_CHARACTERS ? `${line.slice(0, PREVIEW_CHARACTERS - 1)}…` : line;
}

/** Why the session ends or has ended; null while it lives. */
export function reasonOf({ phase }: SessionState): string | null {
  if (phase.type === 'error') return phase.failure.message;
  return 'reason' in phase ? phase.reason : null;
}

/** Temporal takes 400 bytes; the codec adds up to 260. */
const SUMMARY_BYTES = 130;

/** Cuts a summary for Temporal's Web UI to what Temporal takes: a longer one would fail the workflow task for ever. */
export function summaryText(text: string): string {
  let cut = text.slice(0, SUMMARY_BYTES);
  while (new TextEncoder().encode(JSON.stringify(cut)).length > SUMMARY_BYTES) cut = cut.slice(0, -1);
  return cut;
}

/** What the mirror shows of the session. */
export function snapshotOf(state: SessionState): SessionSnapshot {
  const { session_id, version, user_id, project_path, title, options, phase } = state;
  const { agent, simulated, at_least_once, started_at, last_activity } = state;
  return {
    session_id,
    version,
    user_id,
    project_path,
    title,
    options,
    status: statusOf(state),
    reason: reasonOf(state),
    failure: phase.type === 'error' ? phase.failure : null,
    agent,
    simulated,
    at_least_once,
    started_at,
    ended_at: 'ended_at' in phase ? phase.ended_at : null,
    last_activity,
  };
}

/** What an activity needs to use the connection. */
export function leaseOf(state: SessionState): Lease {
  const { session_id, project_path, epoch, cursor } = state;
  const { model, permission_mode, on_interrupt, turn_limit_seconds } = state.options;
  const { rules } = interactionsOf(state);
  const chosen = { model, permission_mode, on_interrupt, turn_limit_seconds };
  const options = rules.length === 0 ? chosen : { ...chosen, session_rules: rules };
  return { session_id, project_path, options, epoch, cursor, resume_required: state.resume_required };
}
