import type { HistoryMessage, Session } from './service.ts';

/** A session that was just connected, as both doors tell it. */
export function toConnected(session: Session): {
  session_id: string;
  status: 'connected';
  user_id: string;
  project_path: string;
  timestamp: string;
} {
  return {
    session_id: session.id,
    status: 'connected',
    user_id: session.user_id,
    project_path: session.project_path,
    timestamp: new Date().toISOString(),
  };
}

/** What a session cost and how long it lasts, in whole seconds until now or its end. */
export function toSessionCost(
  session: Session,
  nowMs: number,
): { session_id: string; cost_usd: number | null; message_count: number; duration_seconds: number; status: string } {
  const endMs = session.ended_at === null ? nowMs : Date.parse(session.ended_at);
  return {
    session_id: session.id,
    cost_usd: session.cost_usd,
    message_count: session.message_count,
    duration_seconds: Math.max(0, Math.floor((endMs - Date.parse(session.started_at)) / 1000)),
    status: session.status,
  };
}

/** A message of the history under the contract's words beside the table's: `content`, and `message_id` of an answer. */
export function toHistoryMessage(
  row: HistoryMessage,
): HistoryMessage & { content: string; message_id?: string | null } {
  const words = { ...row, content: row.message };
  return row.direction === 'from_claude' ? { ...words, message_id: row.reply_to } : words;
}
