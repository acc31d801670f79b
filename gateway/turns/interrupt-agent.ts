import type { Agent } from '../drivers/driver.ts';
import type { Logger } from '../../domain/logger.ts';

/** Asks an agent to stop its turn, and ends the agent when the turn still runs after `limitMs`. */
export function interruptAgent(
  agent: Agent,
  options: { limitMs: number; stillRuns: () => boolean; end: () => void; logger: Logger },
): void {
  const escalation = setTimeout(() => {
    if (options.stillRuns()) options.end();
  }, options.limitMs);
  escalation.unref();
  // An agent that dies of it has stopped as well; its exit is reported by itself.
  agent.interrupt().catch((error: unknown) => options.logger.debug({ err: error }, 'an interrupt was not confirmed'));
}
