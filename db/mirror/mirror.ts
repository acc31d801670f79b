import type { Mirror, MirrorWrite } from '../../domain/mirror/mirror-write.ts';
import { databaseAway, isDatabaseAway } from '../file/away.ts';
import type { Budgets } from '../budgets/budgets.ts';
import type { Bus, Published } from '../events/bus.ts';
import type { Database } from '../file/open.ts';
import { readBody } from '../queries/bodies.ts';
import { trustOf } from '../queries/trusts.ts';
import { makeShowCost } from '../queries/show-cost.ts';
import { applyWrite } from './apply-write.ts';
import { beginBatch, saveBatch } from './batch.ts';
import { rebuildRows } from './rebuild-session.ts';
import { prepareMirror } from './statements.ts';

const MAX_WRITES_PER_COMMIT = 1_000;

interface Waiting {
  writes: MirrorWrite[];
  resolve(): void;
  reject(error: Error): void;
}

/** The mirror where its file is: it can also be rebuilt. */
export interface SqliteMirror extends Mirror {
  /**
   * Replaces the rows of a session by what `gather` gives, in one transaction, so that readers see the old ones or the new
   * ones. What is written meanwhile is kept. Where `gather` gives null it leaves everything as it is (then false).
   * Calls for one session run one after another.
   */
  rebuild(sessionId: string, gather: () => Promise<MirrorWrite[] | null>): Promise<boolean>;
}

/**
 * The mirror in this process's SQLite file. Callers of one turn of the event loop share a commit; each promise resolves,
 * and watchers hear of it, after the commit. Rejects with `UNAVAILABLE` when the file cannot be written.
 */
export function makeMirror(
  db: Database,
  bus: Bus,
  options: { trackCosts?: boolean; budgets?: Budgets } = {},
): SqliteMirror {
  const statements = prepareMirror(db.$client);
  const showCost = makeShowCost(options.trackCosts ?? true);
  const { budgets = null } = options;
  const waiting: Waiting[] = [];
  /** What was written of sessions since their rebuild began. */
  const meanwhile = new Map<string, MirrorWrite[]>();
  const rebuilding = new Map<string, Promise<unknown>>();

  const commit = db.$client.transaction((callers: Waiting[]): Published[] => {
    const batch = beginBatch({ statements, showCost, budgets, now: new Date().toISOString() });
    for (const { writes } of callers) for (const write of writes) applyWrite(batch, write);
    saveBatch(batch);
    return batch.published;
  });

  function flush(): void {
    const callers = takeCallers();
    if (waiting.length > 0) setImmediate(flush);
    try {
      finish(
        callers,
        db.relaxed(() => commit.immediate(callers)),
      );
    } catch (error) {
      if (callers.length === 1 || isDatabaseAway(error)) return fail(callers, error);
      // One caller's writes are bad: each for itself, so that the others' are kept.
      for (const caller of callers) commitAlone(caller);
    }
  }

  function takeCallers(): Waiting[] {
    let writes = 0;
    const over = waiting.findIndex((caller) => (writes += caller.writes.length) > MAX_WRITES_PER_COMMIT);
    return waiting.splice(0, over === -1 ? waiting.length : Math.max(1, over));
  }

  function commitAlone(caller: Waiting): void {
    try {
      finish(
        [caller],
        db.relaxed(() => commit.immediate([caller])),
      );
    } catch (error) {
      fail([caller], error);
    }
  }

  function fail(callers: Waiting[], error: unknown): void {
    db.health.note(error);
    const reason = isDatabaseAway(error) ? databaseAway(error) : toError(error);
    for (const caller of callers) caller.reject(reason);
  }

  function finish(callers: Waiting[], published: Published[]): void {
    db.health.note(null);
    if (meanwhile.size > 0) callers.forEach(({ writes }) => writes.forEach(keepForRebuild));
    for (const caller of callers) caller.resolve();
    for (const one of published) bus.publish(one);
  }

  function keepForRebuild(write: MirrorWrite): void {
    meanwhile.get(write.type === 'session' ? write.snapshot.session_id : write.session_id)?.push(write);
  }

  const rebuild = db.$client.transaction((sessionId: string, writes: MirrorWrite[]): Published[] =>
    rebuildRows(
      { client: db.$client, statements, showCost, budgets, now: new Date().toISOString() },
      sessionId,
      writes,
    ),
  );

  async function gatherAndRebuild(sessionId: string, gather: () => Promise<MirrorWrite[] | null>): Promise<boolean> {
    const kept: MirrorWrite[] = [];
    meanwhile.set(sessionId, kept);
    try {
      const writes = await gather();
      if (writes === null) return false;
      const published = db.relaxed(() => rebuild.immediate(sessionId, [...writes, ...kept]));
      for (const one of published) bus.publish(one);
      return true;
    } catch (error) {
      db.health.note(error);
      throw isDatabaseAway(error) ? databaseAway(error) : error;
    } finally {
      meanwhile.delete(sessionId);
    }
  }

  return {
    async rebuild(sessionId, gather) {
      const before = rebuilding.get(sessionId) ?? Promise.resolve();
      const made = before.catch(() => undefined).then(() => gatherAndRebuild(sessionId, gather));
      rebuilding.set(sessionId, made);
      try {
        return await made;
      } finally {
        if (rebuilding.get(sessionId) === made) rebuilding.delete(sessionId);
      }
    },
    write(writes) {
      if (writes.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiting.push({ writes, resolve, reject });
        if (waiting.length === 1) setImmediate(flush);
      });
    },
    readBody: async (messageId) => readBody(db, messageId),
    trustedDigest: async (projectPath) => trustOf(db, projectPath)?.digest ?? null,
    live(sessionId, delta) {
      if (!bus.isHeard(sessionId)) return;
      bus.publish({ user_id: null, frame: { kind: 'delta', session_id: sessionId, ...delta } });
    },
  };
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
