import { laterOf } from '../../db/mirror/iso-time.ts';
import type { MirrorWrite, SessionSnapshot } from '../../domain/mirror/mirror-write.ts';
import type { SessionStatus } from '../../domain/session/session.ts';
import { hasEnded } from '../../domain/session/session.ts';
import type { AgentMessage } from '../../domain/session/turn.ts';
import type { Happened } from './carried-over.ts';
import { LOST_BODY } from './lost-words.ts';
import type { SessionSources } from './sources.ts';

/** What is not in the sources themselves. */
export interface WritesOptions {
  /** The session as the mirror is to show it in the end. */
  final: SessionSnapshot;
  /** Events with a higher number are left out. */
  upTo?: number;
  /** What the sources do not tell and is to stay. */
  carried: Happened[];
  /** The body of a message that was too large for its signal; null where it is lost. */
  bodyOf: (messageId: string) => AgentMessage | null;
}

/** Everything that the mirror was told of a session, in the order of its times. */
export function writesOfSession(sources: SessionSources, options: WritesOptions): MirrorWrite[] {
  const { session_id, past, events, record } = sources;
  const { final, upTo = Number.POSITIVE_INFINITY, carried, bodyOf } = options;
  const accepted = new Map(
    events.flatMap(({ event }) => (event.type === 'accepted' ? [[event.message_id, event]] : [])),
  );

  const messages = past.messages.map(({ timestamp, message_id, content, context }): Happened => {
    const body = content === null ? (accepted.get(message_id) ?? bodyOf(message_id)) : { content, context };
    const message = { message_id, content: body?.content ?? LOST_BODY, context: body?.context };
    return { timestamp, write: { type: 'queued', session_id, timestamp, message } };
  });
  const agent = events
    .filter(({ seq }) => seq <= upTo)
    .map(({ seq, event }): Happened => ({
      timestamp: event.timestamp,
      write: { type: 'agent', session_id, seq, event },
    }));
  const unsent = (record?.unsent ?? []).map((turn): Happened => ({
    timestamp: turn.finished_at,
    write: { type: 'settled', session_id, turn },
  }));
  const decided = (record?.decided ?? []).map((end): Happened => ({
    timestamp: end.settled_at,
    write: { type: 'interaction', session_id, end },
  }));
  const statuses = statusChanges(sources, final);
  return [
    ...withLastActivity(merged([statuses, messages, agent, unsent, decided, carried]), final),
    { type: 'session', snapshot: final },
  ];
}

/** The statuses up to the final one. Each change had a version of its own, so there are enough for them. */
function statusChanges({ past }: SessionSources, final: SessionSnapshot): Happened[] {
  const begun = { timestamp: final.started_at, status: 'connecting' as SessionStatus };
  const known = past.statuses.length === 0 ? [begun] : past.statuses;
  const last = known.at(-1)?.status === final.status ? known.at(-1) : undefined;
  const before = known.slice(0, last === undefined ? undefined : -1).map((change) => ({ ...change, reason: '' }));
  if (final.status === 'disconnected' && before.at(-1)?.status !== 'idle') {
    const timestamp = final.ended_at ?? final.last_activity;
    before.push({ timestamp, status: 'disconnecting', reason: final.reason ?? '' });
  }
  const shown = before.slice(-final.version).map(({ timestamp, status, reason }, version): Happened => {
    const change = { version, status, reason: reason || null, failure: null, ended_at: null };
    return { timestamp, write: { type: 'session', snapshot: { ...final, ...change } } };
  });
  // The end is the last thing that happens; another status came where it came.
  if (last === undefined || hasEnded(final.status)) return shown;
  return [...shown, { timestamp: last.timestamp, write: { type: 'session', snapshot: final } }];
}

/** Merges by time; what is in one list keeps its order, whatever its clock says. */
function merged(lists: Happened[][]): Happened[] {
  const heads = lists.map(() => 0);
  const all: Happened[] = [];
  for (;;) {
    let next = -1;
    for (const [index, list] of lists.entries()) {
      const head = list[heads[index]!];
      const best = next === -1 ? undefined : lists[next]![heads[next]!];
      if (head !== undefined && (best === undefined || head.timestamp < best.timestamp)) next = index;
    }
    if (next === -1) return all;
    all.push(lists[next]![heads[next]!]!);
    heads[next]! += 1;
  }
}

/** A status is shown with the time of the last activity before it. */
function withLastActivity(all: Happened[], final: SessionSnapshot): MirrorWrite[] {
  let last = final.started_at;
  return all.map(({ timestamp, write }) => {
    if (write.type === 'session') return { ...write, snapshot: { ...write.snapshot, last_activity: last } };
    const isActivity =
      (write.type !== 'agent' && write.type !== 'interaction') ||
      (write.type === 'agent' && write.event.type === 'result');
    if (isActivity) last = laterOf(last, timestamp);
    return write;
  });
}
