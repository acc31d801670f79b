import { randomUUID } from 'node:crypto';
import type { AgentPool } from './agent-pool.ts';
import type { Agent, AgentDriver, AgentRequest } from '../drivers/driver.ts';
import type { Journal } from '../journal/journal.ts';
import type { Logger } from '../../domain/logger.ts';
import { processStarted } from '../processes/process-table.ts';

/** What starting an agent takes. */
export interface LaunchDeps {
  driver: AgentDriver;
  pool: AgentPool;
  journal: Journal;
  logger: Logger;
}

/** Starts an agent; its process is in the journal before it exists and until it is gone. */
export function launchAgent(deps: LaunchDeps, request: Omit<AgentRequest, 'agent_id' | 'spawned'>): Promise<Agent> {
  const { driver, pool, journal, logger } = deps;
  const agent_id = randomUUID();
  if (!driver.usesProcesses) return driver.start({ ...request, agent_id, spawned: () => undefined });

  function spawned(pid: number): void {
    processStarted(pid)
      .then((started) => journal.setAgentProcess(agent_id, pid, started))
      .catch((error: unknown) => logger.warn({ err: error, pid }, 'cannot note the process of an agent'));
  }

  function gone(): void {
    try {
      journal.endAgent(agent_id, new Date().toISOString());
    } catch (error) {
      // The next start's sweep looks for it once more and finds nothing.
      logger.warn({ err: error, agent_id }, 'cannot note the end of an agent');
    }
  }

  return pool.starting(request.signal, async () => {
    // Written before the process exists: from here a sweep finds it by its tag, whenever the gateway dies.
    journal.addAgent({ agent_id, session_id: request.session_id, started_at: new Date().toISOString() });
    try {
      return await driver.start({
        ...request,
        agent_id,
        spawned,
        report(report) {
          if (report.type === 'exited') gone();
          request.report(report);
        },
      });
    } catch (error) {
      gone();
      throw error;
    }
  });
}
