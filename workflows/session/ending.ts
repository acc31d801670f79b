import { condition, log } from '@temporalio/workflow';
import { failureOf, failureType } from '../failures.ts';
import type { Line } from './line.ts';
import { now, type Memory } from './memory.ts';
import { mirror, mirrorFar, release } from '../proxies.ts';
import { reportDropped, reportRefused } from '../state/reports.ts';
import type { Released } from '../session-activities.ts';
import * as ledger from '../state/session-ledger.ts';
import * as queue from '../state/session-queue.ts';
import * as session from '../state/session-state.ts';
import type { SessionState } from '../state/session-state.ts';
import { attachmentOf, snapshotOf } from '../state/session-views.ts';
import { showStatus } from './show-status.ts';

/** A gateway that is there lets go at once; one that is away has no agent, or lets it go by itself. */
const ONE_TRY = { retry: { maximumAttempts: 1 } };

/** How long a session that ends waits for the gateway to settle the turn that runs. */
const CLOSE_WAIT = '15s';

/** The ways in which a session lets go: of its agent for a while, of messages it refuses, of everything. */
export interface Ending {
  /** Lets the agent go, the conversation stays. */
  goIdle(): Promise<void>;
  /** Tells the mirror of messages that were taken and cannot be carried out. */
  flushRefused(): Promise<void>;
  /** Ends: the agent is let go, what runs or waits is reported, the mirror is told. Gives what a later start goes on from. */
  end(): Promise<SessionState>;
  /** The same for a session whose agent cannot be had. */
  giveUp(error: unknown): Promise<SessionState>;
}

export function makeEnding(memory: Memory, line: Line): Ending {
  const update = (next: SessionState): void => memory.update(next);
  const attachment = (): ReturnType<typeof attachmentOf> => attachmentOf(memory.state);

  const takeReleased = (released: Released): void => update(ledger.released(memory.state, released, now()));

  async function goIdle(): Promise<void> {
    const before = attachment();
    update(session.idled(memory.state));
    const snapshot = snapshotOf(memory.state);
    const input = { attachment: before, mode: 'idle' as const, reason: 'idle', snapshot };
    takeReleased(await release.executeWithOptions({ summary: 'idle: release the agent' }, [input]));
    showStatus(memory.state);
  }

  async function end(): Promise<SessionState> {
    if (!session.isLetGo(memory.state)) {
      update(session.disconnecting(memory.state));
      await mirror([{ type: 'session', snapshot: snapshotOf(memory.state) }]);
      if (memory.state.current !== null) line.listen(memory.state.current.message_id);
      await close(memory.state.reason ?? '');
      await condition(() => memory.state.current === null || !line.isHeard, CLOSE_WAIT);
    }
    update(session.disconnected(memory.state, now()));
    return await finish();
  }

  async function close(reason: string, options: Partial<typeof ONE_TRY> = {}): Promise<void> {
    const input = { attachment: attachment(), mode: 'close' as const, reason, snapshot: null };
    try {
      takeReleased(await release.executeWithOptions({ summary: `close: ${reason}`, ...options }, [input]));
    } catch (error) {
      log.warn('release failed', { type: failureType(error) });
    }
  }

  async function giveUp(error: unknown): Promise<SessionState> {
    const failure = failureOf(error);
    update(session.broken(memory.state, failure, now()));
    // It may be starting still. One that another lease holds is not ours to let go.
    if (failure.code !== 'LEASE_LOST') await close(failure.message, ONE_TRY);
    return await finish();
  }

  /** Reports what was not carried out, also what came while the end was being written. */
  async function finish(): Promise<SessionState> {
    const { length } = memory.state.refused;
    const reports = [...reportRefused(memory.state, now()), ...reportDropped(memory.state, now())];
    update(queue.noteUnsent(memory.state, reports));
    await mirror([...reports, { type: 'session', snapshot: snapshotOf(memory.state) }]);
    update(queue.dropAll(queue.dropRefused(memory.state, length)));
    showStatus(memory.state);
    await flush(mirrorFar.mirror);
    return memory.state;
  }

  /** What came during a write is written far: two slow ones near would prolong the workflow task. */
  async function flush(write: typeof mirror): Promise<void> {
    for (; memory.state.refused.length > 0; write = mirrorFar.mirror) {
      const { length } = memory.state.refused;
      const reports = reportRefused(memory.state, now());
      await write(reports);
      update(queue.dropRefused(queue.noteUnsent(memory.state, reports), length));
    }
  }

  return { goIdle, flushRefused: () => flush(mirror), end, giveUp };
}
