import { isDatabaseAway } from '../../db/file/away.ts';
import type { Database } from '../../db/file/open.ts';
import { readBody } from '../../db/queries/bodies.ts';
import type { MirroredMessage, MirrorRows } from '../../db/queries/mirror-rows.ts';
import type { MirrorWrite, SessionSnapshot } from '../../domain/mirror/mirror-write.ts';
import type { AgentMessage } from '../../domain/session/turn.ts';
import { lostAnswers, onlyMirrored, writesAgain } from './carried-over.ts';
import { finalSnapshot } from './final-snapshot.ts';
import { whyNotJournalled } from './sources.ts';
import type { SessionSources } from './sources.ts';
import { writesOfSession } from './writes-of-session.ts';

/** What the rows of a session are to be made of. */
export interface Plan {
  final: SessionSnapshot;
  writes: MirrorWrite[];
  /** Messages that nothing but the mirror tells of, and that stay. */
  carried: MirroredMessage[];
  /** Why the answers are in the mirror only; null where the journal has them. */
  unprovable: string | null;
}

/**
 * Plans them. With `ahead` everything that the journal has goes in; without, only what a mirror has been told by now, while
 * the session runs.
 */
export function planSession(
  { db }: { db: Database },
  sources: SessionSources,
  rows: MirrorRows | null,
  { ahead }: { ahead: boolean },
): Plan {
  const { session_id, record, past } = sources;
  const mirrored = rows?.session.agent_seq ?? 0;
  const unprovable = whyNotJournalled(sources, mirrored);
  const carried = rows !== null && (unprovable !== null || !past.complete) ? onlyMirrored(rows, sources) : [];
  const final = finalSnapshot(sources, rows?.session ?? null);
  const isRunning = record !== null && !record.ended;
  const again = writesAgain(session_id, carried, final.agent);
  const writes = writesOfSession(sources, {
    final,
    ...(isRunning && !ahead && { upTo: Math.max(record.cursor, mirrored) }),
    carried: unprovable !== null && rows === null ? lostAnswers(sources) : again,
    bodyOf: (messageId) => bodyOf(db, messageId),
  });
  return { final, writes, carried, unprovable };
}

function bodyOf(db: Database, messageId: string): AgentMessage | null {
  try {
    return readBody(db, messageId);
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    return null;
  }
}
