import { XswarmError } from '../../domain/errors.ts';
import { isClaudeConfigured } from '../drivers/claude/environment.ts';
import { makeClaudeDriver } from '../drivers/claude/claude-driver.ts';
import type { AgentDriver } from '../drivers/driver.ts';
import { makeSimulatorDriver } from '../drivers/simulator/simulator-driver.ts';

/** `auto` takes Claude when it has something to sign in with. */
export type AgentChoice = 'auto' | 'claude' | 'simulator';

/** The driver for a choice. A Claude that was asked for is never replaced by the simulator: what it lacks, it says itself. */
export function chooseDriver(choice: AgentChoice, env: NodeJS.ProcessEnv, emptyFolder: string): AgentDriver {
  switch (choice) {
    case 'simulator':
      return makeSimulatorDriver();
    case 'claude':
      return makeClaudeDriver(env, emptyFolder);
    case 'auto':
      return isClaudeConfigured(env) ? makeClaudeDriver(env, emptyFolder) : makeSimulatorDriver();
    default:
      throw new XswarmError('INVALID_REQUEST', `Unknown agent: ${String(choice)}`);
  }
}
