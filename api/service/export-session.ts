import { toHistoryMessage } from './present.ts';
import type { Caller, HistoryMessage, Session, SessionService } from './service.ts';

const PAGE = 200;

/** How a session is written down: one JSON object a line, or Markdown for people. */
export type ExportFormat = 'jsonl' | 'md';

function dollars(costUsd: number | null): string {
  return costUsd === null ? 'cost not known' : `$${costUsd}`;
}

function head(session: Session, format: ExportFormat): string {
  if (format === 'jsonl') return `${JSON.stringify({ type: 'session', ...session })}\n`;
  return [
    `# ${session.title ?? `Session ${session.id}`}`,
    '',
    `- Session: \`${session.id}\``,
    `- User: ${session.user_id}`,
    `- Project: \`${session.project_path}\``,
    `- Status: ${session.status}`,
    `- Started: ${session.started_at}`,
    `- Ended: ${session.ended_at ?? 'not yet'}`,
    `- Messages: ${session.message_count}`,
    `- Cost: ${dollars(session.cost_usd)}${session.simulated ? ' (simulated)' : ''}`,
    '',
  ].join('\n');
}

function entry(message: HistoryMessage, format: ExportFormat): string {
  if (format === 'jsonl') return `${JSON.stringify({ type: 'message', ...toHistoryMessage(message) })}\n`;
  const isAnswer = message.direction === 'from_claude';
  const cost = isAnswer ? ` · ${dollars(message.cost_usd)}` : '';
  const status = message.status === 'done' ? '' : ` · ${message.status}`;
  const reason = message.error === undefined ? '' : `\n> ${message.error.message}\n`;
  const text = message.message === '' ? '' : `\n${message.message}\n`;
  return `\n## ${isAnswer ? 'Claude' : 'User'} · ${message.timestamp}${cost}${status}\n${text}${reason}`;
}

/** The whole session as text, oldest message first, read page by page while it is written. */
export async function* exportSession(options: {
  service: SessionService;
  caller: Caller;
  session: Session;
  format: ExportFormat;
}): AsyncGenerator<string> {
  const { service, caller, session, format } = options;
  yield head(session, format);
  let cursor: string | undefined;
  do {
    const page = await service.history(caller, session.id, { limit: PAGE, order: 'asc', cursor });
    for (const message of page.items) yield entry(message, format);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
