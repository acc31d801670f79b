import { makeMirrorRows } from '../../db/queries/mirror-rows.ts';
import type { CheckStep } from '../../domain/mirror/mirror-steps.ts';
import { checkSession } from './check-session.ts';
import { openScratch } from './scratch.ts';
import { readJournalSessions } from './sources.ts';
import type { MirrorDeps } from './sources.ts';

/**
 * Compares the mirror with Temporal and the gateway's journal, session by session and row by row, while the system runs;
 * changes nothing. Throws `UNAVAILABLE` when one of them goes away.
 */
export async function* checkMirror(deps: MirrorDeps, signal: AbortSignal): AsyncGenerator<CheckStep, void, undefined> {
  const rows = makeMirrorRows(deps.db);
  const scratch = openScratch();
  let differences = 0;
  try {
    const journal = await readJournalSessions(deps.journal);
    const listed = await deps.records.list();
    const ids = [...new Set([...rows.ids(), ...listed.map(({ session_id }) => session_id), ...journal.keys()])];
    if (!rows.searchIsWhole()) {
      differences += 1;
      const text = 'the search index does not agree with the messages';
      yield { type: 'difference', session_id: null, part: 'search', id: null, text };
    }
    for (const [done, id] of ids.entries()) {
      signal.throwIfAborted();
      yield { type: 'progress', done, total: ids.length };
      for (const difference of await checkSession({ ...deps, rows, scratch }, id, journal.get(id) ?? null)) {
        differences += 1;
        yield { type: 'difference', ...difference };
      }
    }
    yield { type: 'progress', done: ids.length, total: ids.length };
    yield { type: 'checked', sessions: ids.length, differences };
  } finally {
    scratch.close();
  }
}
