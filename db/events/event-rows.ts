import type { SessionEvent, SessionEventBody } from '../../domain/session/event.ts';
import { hasEnded } from '../../domain/session/session.ts';
import type { Failure, SessionStatus } from '../../domain/session/session.ts';
import type { TurnOutcome } from '../../domain/session/turn.ts';
import { typeOfNumber } from './event-numbers.ts';
import type { ShowCost } from '../queries/show-cost.ts';

/** A row of `session_events` beside the message that it points at. */
export interface EventRow {
  seq: number;
  at: number;
  type: number;
  body: string | null;
  message_id: string | null;
  message: string | null;
  message_status: TurnOutcome | null;
  cost_nano: number | null;
  reply_to: string | null;
  failure: string | null;
  simulated: number | null;
}

/** What an event keeps in its own row, as JSON; null where the message it points at says it all. */
export function storedBody(event: SessionEventBody, pointsAtMessage: boolean): string | null {
  switch (event.type) {
    case 'queued':
    case 'sent':
    case 'result':
    case 'cost':
      return null;
    default: {
      const { type: _type, timestamp: _timestamp, ...rest } = event;
      if ('message_id' in rest && (pointsAtMessage || rest.message_id === null))
        delete (rest as Partial<typeof rest>).message_id;
      return JSON.stringify(rest);
    }
  }
}

/** What a `cost` event keeps: there is one for each answer, so its keys are short. */
export function storedCost(costNano: number, messageCount: number): string {
  return JSON.stringify({ c: costNano, m: messageCount });
}

/** Makes the event of its row again. */
export function readEvent(sessionId: string, row: EventRow, showCost: ShowCost): SessionEvent {
  const head = { session_id: sessionId, seq: row.seq };
  const timestamp = new Date(row.at).toISOString();
  const body = JSON.parse(row.body ?? '{}') as Record<string, unknown>;
  const type = typeOfNumber(row.type);
  switch (type) {
    case 'queued':
      return { ...head, type: 'queued', timestamp, message_id: row.message_id ?? '', content: row.message ?? '' };
    case 'sent':
      return { ...head, type: 'sent', timestamp, message_id: row.message_id ?? '' };
    case 'result':
      return { ...head, ...resultOf(row, timestamp, showCost) };
    case 'cost': {
      const cost_usd = showCost(body.c as number);
      return { ...head, type: 'cost', timestamp, cost_usd, message_count: body.m as number };
    }
    case 'text': {
      if (row.body !== null) break;
      return { ...head, type: 'text', timestamp, message_id: row.reply_to, text: row.message ?? '' };
    }
    case 'status':
    case 'closed':
    case 'background':
    case 'notice':
      return { ...head, type, timestamp, ...body } as SessionEvent;
    default:
      break;
  }
  return { ...head, type, timestamp, message_id: row.message_id, ...body } as SessionEvent;
}

function resultOf(row: EventRow, timestamp: string, showCost: ShowCost): SessionEventBody {
  return {
    type: 'result',
    timestamp,
    turn_id: row.message_id ?? '',
    message_id: row.reply_to,
    outcome: row.message_status ?? 'unknown',
    content: row.message ?? '',
    cost_usd: showCost(row.cost_nano),
    simulated: row.simulated === 1,
    ...(row.failure === null ? {} : { error: JSON.parse(row.failure) as Failure }),
  };
}

/** The event of a session whose status changed, and the one that says it has ended. */
export function statusEvents(timestamp: string, status: SessionStatus, reason: string | null): SessionEventBody[] {
  const changed: SessionEventBody = { type: 'status', timestamp, status, ...(reason === null ? {} : { reason }) };
  if (!hasEnded(status)) return [changed];
  return [changed, { type: 'closed', timestamp, status, reason: reason ?? '' }];
}
