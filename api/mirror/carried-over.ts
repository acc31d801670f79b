import type { MirroredMessage, MirrorRows } from '../../db/queries/mirror-rows.ts';
import type { MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import type { AgentName } from '../../domain/session/session.ts';
import type { TurnResult } from '../../domain/session/turn.ts';
import { LOST_ANSWER } from './lost-words.ts';
import type { SessionSources } from './sources.ts';

/** Something that happened, with its time. */
export interface Happened {
  timestamp: string;
  write: MirrorWrite;
}

/** The messages of a session that nothing but the mirror itself tells of. */
export function onlyMirrored(rows: MirrorRows, sources: SessionSources): MirroredMessage[] {
  const told = new Set([
    ...sources.past.messages.map(({ message_id }) => message_id),
    ...(sources.record?.unsent ?? []).flatMap(({ turn_id, message_id }) => [turn_id, message_id]),
    ...sources.events.flatMap(({ event }) => {
      if (event.type === 'accepted') return [event.message_id];
      return event.type === 'result' ? [event.turn.turn_id] : [];
    }),
  ]);
  return rows.messages.filter(({ id }) => !told.has(id));
}

/** What writes them again. */
export function writesAgain(sessionId: string, messages: MirroredMessage[], agent: AgentName | null): Happened[] {
  return messages.map(({ id: message_id, direction, message: content, context, timestamp, ...row }): Happened => {
    if (direction === 'to_claude') {
      const message = { message_id, content, ...(context === null ? {} : { context }) };
      return { timestamp, write: { type: 'queued', session_id: sessionId, timestamp, message } };
    }
    const outcome = row.status === 'failed' || row.status === 'unknown' ? row.status : 'done';
    const { reply_to, failure, cost_nano, usage, simulated } = row;
    const turn: TurnResult = {
      ...{ turn_id: message_id, message_id: reply_to, outcome, content, failure, cost_nano, usage, simulated },
      ...{ agent: agent ?? 'peer', started_at: timestamp, finished_at: timestamp },
    };
    return { timestamp, write: { type: 'settled', session_id: sessionId, turn } };
  });
}

/** Says of the messages that were carried out that their answers are lost; the last one bears what all have cost. */
export function lostAnswers({ session_id, record, past }: SessionSources): Happened[] {
  if (record === null) return [];
  const open = new Set([...record.waiting, ...record.unsent.map(({ message_id }) => message_id)]);
  const answered = past.messages.filter(({ message_id }) => !open.has(message_id));
  return answered.map(({ message_id, timestamp }, index): Happened => {
    const cost_nano = index === answered.length - 1 ? record.cost_nano : null;
    const { agent, simulated } = record.snapshot;
    const turn: TurnResult = {
      ...{ turn_id: `${message_id}:lost`, message_id, outcome: 'unknown', content: '', failure: LOST_ANSWER },
      ...{ cost_nano, usage: [], agent: agent ?? 'peer', simulated, started_at: timestamp, finished_at: timestamp },
    };
    return { timestamp, write: { type: 'settled', session_id, turn } };
  });
}
