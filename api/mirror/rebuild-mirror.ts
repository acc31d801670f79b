import { makeMirrorRows } from '../../db/queries/mirror-rows.ts';
import type { RebuildStep } from '../../domain/mirror/mirror-steps.ts';
import type { JournalSession } from '../../domain/session/session-record.ts';
import { rebuildSession } from './rebuild-session.ts';
import { readJournalSessions } from './sources.ts';
import type { MirrorDeps } from './sources.ts';

/**
 * Rebuilds the mirror, one session at a time, while the system runs: readers see a session's old rows or its new ones.
 * A session that cannot be read is told and left. Throws `UNAVAILABLE` when Temporal or the gateway is away at the start.
 */
export async function* rebuildMirror(
  deps: MirrorDeps,
  signal: AbortSignal,
): AsyncGenerator<RebuildStep, void, undefined> {
  const rows = makeMirrorRows(deps.db);
  const journal = await readJournalSessions(deps.journal);
  const ids = inOrder(rows.ids(), await deps.records.list(), journal);
  if (!rows.searchIsWhole()) rows.rebuildSearch();
  let kept = 0;
  let failed = 0;
  for (const [done, session_id] of ids.entries()) {
    signal.throwIfAborted();
    yield { type: 'progress', done, total: ids.length };
    try {
      const why = await rebuildSession({ ...deps, rows }, session_id, journal.get(session_id) ?? null);
      if (why === null) continue;
      kept += 1;
      yield { type: 'kept', session_id, text: why };
    } catch (error) {
      failed += 1;
      deps.logger.warn({ err: error, session_id }, 'the mirror of a session could not be rebuilt');
      yield { type: 'failed', session_id, text: error instanceof Error ? error.message : String(error) };
    }
  }
  yield { type: 'progress', done: ids.length, total: ids.length };
  yield { type: 'rebuilt', sessions: ids.length, kept, failed };
}

/** Those that are there first, then the others, oldest first: lists of sessions keep their order. */
export function inOrder(
  mirrored: string[],
  listed: { session_id: string; started_at: string }[],
  journal: Map<string, JournalSession>,
): string[] {
  const begun = new Map<string, string>();
  for (const { session_id, created_at } of journal.values()) begun.set(session_id, created_at);
  for (const { session_id, started_at } of listed) begun.set(session_id, started_at);
  const others = [...begun].sort(([, one], [, other]) => (one < other ? -1 : 1)).map(([id]) => id);
  return [...new Set([...mirrored, ...others])];
}
