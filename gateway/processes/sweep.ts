import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentRow, Journal } from '../journal/journal.ts';
import type { Logger } from '../../domain/logger.ts';
import { findTagged, processStarted, signalProcess } from './process-table.ts';

const POLL_MS = 25;
/** How long the system may take to end what was killed. */
const KILL_LIMIT_MS = 2_000;

/**
 * Ends every process that carries the tag of one of these agents: asked first, so that Claude saves what it spent,
 * then killed. Resolves, when they are gone, with the number of processes that were found.
 */
export async function endTagged(agentIds: ReadonlySet<string>, graceMs: number): Promise<number> {
  const found = await findTagged(agentIds);
  for (const pid of found) signalProcess(pid, 'SIGTERM');
  let left = found;
  for (let waited = 0; left.length > 0 && waited < graceMs; waited += POLL_MS) {
    await sleep(POLL_MS);
    left = await findTagged(agentIds);
  }
  // Again and again: one that is killed may have started another just before, and is gone only when it is gone.
  for (let waited = 0; left.length > 0 && waited < KILL_LIMIT_MS; waited += POLL_MS) {
    for (const pid of left) signalProcess(pid, 'SIGKILL');
    await sleep(POLL_MS);
    left = await findTagged(agentIds);
  }
  return found.length;
}

/** Ends what an earlier gateway left behind, by its journal. A process that is not provably its own is not touched. */
export async function sweepOrphans(journal: Journal, logger: Logger, graceMs = 1000): Promise<number> {
  const rows = journal.openAgents();
  if (rows.length === 0) return 0;
  const tagged = await endTagged(new Set(rows.map((row) => row.agent_id)), graceMs);
  const groups = await endGroups(rows, graceMs);
  const endedAt = new Date().toISOString();
  journal.transaction(() => {
    for (const row of rows) journal.endAgent(row.agent_id, endedAt);
  });
  if (tagged + groups > 0) logger.warn({ processes: tagged + groups }, 'ended processes that an earlier gateway left');
  return tagged + groups;
}

/** The way where environments cannot be read: the group's leader must be the very process that was recorded. */
async function endGroups(rows: AgentRow[], graceMs: number): Promise<number> {
  let ended = 0;
  for (const row of rows) {
    if (row.pid === null || row.pid_started === null) continue;
    if ((await processStarted(row.pid)) !== row.pid_started) continue;
    ended += 1;
    signalProcess(-row.pid, 'SIGTERM');
    for (let waited = 0; waited < graceMs && (await processStarted(row.pid)) !== null; waited += POLL_MS) {
      await sleep(POLL_MS);
    }
    signalProcess(-row.pid, 'SIGKILL');
  }
  return ended;
}
