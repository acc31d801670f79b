import { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { AnswerGiven, AnswerOutcome } from '../../domain/control/interaction.ts';
import { hasEnded } from '../../domain/session/session.ts';
import type { SessionFloor, SessionStart } from '../../domain/session/session-workflows.ts';
import { loadState, type SavedState } from '../state/load-state.ts';
import { Clocks } from './clocks.ts';
import { timeoutAt } from '../state/deadlines.ts';
import {
  answerInteraction,
  disconnect,
  getLedger,
  getRecord,
  NEXT_RUN,
  presence,
  reap,
  submitMessage,
  withdraw,
} from '../definitions.ts';
import { Ending } from './ending.ts';
import { failureType } from '../failures.ts';
import { Line } from './line.ts';
import { Memory, now } from './memory.ts';
import * as interactions from '../state/session-interactions.ts';
import * as queue from '../state/session-queue.ts';
import type { SessionState } from '../state/session-state.ts';
import * as session from '../state/session-state.ts';
import { ledgerOf, recordOf } from '../state/session-views.ts';

/** What a run of the workflow begins with: a new session, or the state that an earlier run left. */
export interface SessionInput {
  start?: SessionStart;
  state?: SavedState;
  /** What is known of the session where Temporal has no state of it. */
  floor?: SessionFloor;
  /** Whether an ended session is resumed: its agent must find the conversation again. */
  resume?: boolean;
  /** Events after which a run hands over to the next one. */
  budget_events: number;
  queue_depth: number;
}

/** One Claude Code session: takes messages one at a time until it is disconnected, idle for too long, or broken. */
export async function sessionWorkflow(input: SessionInput): Promise<SessionState> {
  const memory = new Memory(initialState(input));
  handle(memory, input.queue_depth);
  const isOverBudget = (): boolean => {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    return historyLength >= input.budget_events || continueAsNewSuggested;
  };
  const line = new Line(memory, isOverBudget);
  const ending = new Ending(memory, line);
  const hasWork = (clocks: Clocks): boolean =>
    memory.state.closing !== null ||
    memory.state.queue.length > 0 ||
    memory.state.refused.length > 0 ||
    clocks.idleDue ||
    (memory.state.background_tasks > 0 && !line.isHeard) ||
    isOverBudget();

  async function live(): Promise<SessionState> {
    const clocks = new Clocks(memory);
    if (memory.state.epoch === 0 || session.statusOf(memory.state) === 'connecting') await line.connect();
    for (;;) {
      if (memory.state.closing !== null) return await ending.end();
      await ending.flushRefused();
      if (isOverBudget()) {
        log.debug(NEXT_RUN);
        await condition(allHandlersFinished);
        return await continueAsNew<typeof sessionWorkflow>({
          ...input,
          start: undefined,
          floor: undefined,
          resume: undefined,
          state: memory.state,
        });
      }
      if (memory.state.queue.length > 0 || memory.state.current !== null) {
        if (memory.state.current === null) memory.update(queue.beginTurn(memory.state));
        await line.runTurn();
        continue;
      }
      if (clocks.idleDue) {
        clocks.idled();
        if (session.statusOf(memory.state) === 'active' && session.isQuiet(memory.state)) await ending.goIdle();
        continue;
      }
      if (memory.state.background_tasks > 0) {
        if (!session.isConnected(memory.state)) await line.connect();
        if (session.isConnected(memory.state)) line.listen(null);
      }
      await condition(() => hasWork(clocks));
    }
  }

  return await CancellationScope.nonCancellable(async () => {
    try {
      return await live();
    } catch (error) {
      if (failureType(error) === null) throw error;
      return await ending.giveUp(error);
    }
  });
}

/** Answers the outside: synchronous, never throws, set before anything is awaited. */
function handle(memory: Memory, queueDepth: number): void {
  setHandler(submitMessage, (message) => memory.update(queue.accept(memory.state, message, now(), queueDepth)), {
    description: 'a message for Claude; a known message_id is dropped',
  });
  setHandler(disconnect, ({ reason }) => memory.update(session.close(memory.state, reason)), {
    description: 'end the session; the first reason stays',
  });
  setHandler(
    withdraw,
    ({ message_id, reason }) => {
      const { current } = memory.state;
      if (current === null || (message_id !== undefined && message_id !== current.message_id)) return;
      const asked = interactions.withdrawOf(session.interactionsOf(memory.state), current.message_id, reason, now());
      memory.update({ ...memory.state, interactions: asked });
    },
    { description: 'the turn that waits for a person was stopped: what it asks is withdrawn' },
  );
  setHandler(presence, () => memory.update(session.present(memory.state, now())), {
    description: 'somebody is attached; the idle timeout counts from now',
  });
  setHandler(
    reap,
    () => {
      const isDue = session.isQuiet(memory.state) && Date.now() >= timeoutAt(memory.state);
      if (isDue) memory.update(session.close(memory.state, 'Idle timeout'));
    },
    { description: 'end the session if it is past its idle timeout now' },
  );
  setHandler(
    answerInteraction,
    (given) => {
      const { state, outcome } = interactions.answer(session.interactionsOf(memory.state), given, now());
      memory.update({ ...memory.state, interactions: state });
      return outcome;
    },
    {
      validator: (given: AnswerGiven) =>
        refuse(interactions.answer(session.interactionsOf(memory.state), given, now()).outcome),
      description: "a person's answer to what waits; the first one wins",
    },
  );
  setHandler(getLedger, () => ledgerOf(memory.state), { description: 'status, cost, and which messages wait' });
  setHandler(getRecord, () => recordOf(memory.state), { description: 'all that the mirror is checked by and made of' });
  CancellationScope.current().cancelRequested.catch(() =>
    memory.update(session.close(memory.state, 'Cancelled in Temporal')),
  );
}

/** Throws what an answer is rejected with: the code as the type, and what was recorded before as its detail. */
function refuse(outcome: AnswerOutcome): void {
  if (outcome.type !== 'rejected') return;
  const { code: type } = outcome;
  const details = 'end' in outcome ? [outcome.end] : [];
  throw ApplicationFailure.create({ message: `The answer is rejected: ${type}`, type, nonRetryable: true, details });
}

function initialState(input: SessionInput): SessionState {
  if (input.state === undefined) {
    if (input.start === undefined) throw new Error('A session needs a start or a state');
    const begun =
      input.floor === undefined
        ? session.newSession(input.start, now())
        : session.fromFloor(input.start, input.floor, now());
    return input.resume === true ? session.resumed(begun, now()) : begun;
  }
  const saved = loadState(input.state);
  if (!hasEnded(session.statusOf(saved))) return saved;
  const revived = session.revived({ ...saved, options: session.usableOptions(saved.options) }, now());
  return input.resume === true ? session.resumed(revived, now()) : revived;
}
