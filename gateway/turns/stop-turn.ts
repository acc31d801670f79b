import type { Failure } from '../../domain/session.ts';
import type { AgentSlot } from '../agents/agent-slot.ts';
import { interruptAgent } from './interrupt-agent.ts';
import type { Logger } from '../../domain/logger.ts';
import type { TurnRunner } from './turn-runner.ts';

/** What an agent that does not obey gets to save what it spent, before it is killed. */
const END_GRACE_MS = 500;

/** Stops the turn that runs, first by asking and after `limitMs` by ending the agent. False when none runs. */
export function stopTurn(
  why: Failure,
  session: {
    runner: TurnRunner;
    slot: AgentSlot;
    limitMs: number;
    logger: Logger;
    inBackground: (work: Promise<unknown>) => void;
  },
): boolean {
  const { runner, slot, logger, inBackground } = session;
  const turn = runner.current;
  const { agent } = slot;
  if (turn === null && agent?.busy !== true) return false;
  if (turn !== null) turn.stopped ??= why;
  if (agent === null) {
    inBackground(slot.stop());
    return true;
  }
  interruptAgent(agent, {
    limitMs: session.limitMs,
    stillRuns: () => (turn === null ? agent.busy : runner.current === turn),
    end: () => {
      logger.warn({ reason: why.message }, 'the agent did not obey an interrupt: it is ended');
      inBackground(slot.stop(END_GRACE_MS));
    },
    logger,
  });
  return true;
}
