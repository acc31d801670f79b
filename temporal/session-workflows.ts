import {
  type Client,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { AnswerGiven, AnswerOutcome, InteractionEnd } from '../domain/control/interaction.ts';
import { errors, XswarmError } from '../domain/errors.ts';
import type { SessionFloor, SessionStart, SessionWorkflows } from '../domain/session/session-workflows.ts';
import type { AgentMessage } from '../domain/session/turn.ts';
import {
  answerInteraction,
  disconnect,
  getLedger,
  presence,
  reap,
  searchAttributes,
  SESSION_WORKFLOW,
  submitMessage,
  sessionIdOf,
  withdraw,
  workflowIdOf,
  type SubmitMessage,
} from '../workflows/definitions.ts';
import type { SessionInput, sessionWorkflow } from '../workflows/session/session.ts';
import { summaryText } from '../workflows/state/session-views.ts';
import type { KeyRing } from './payloads/key-ring.ts';
import { resultOf, trusted } from './payloads/read-payload.ts';
import { TASK_QUEUE } from './settings.ts';

export interface SessionWorkflowsOptions {
  client: Client;
  /** Hides the project in what is not encrypted. */
  ring: KeyRing;
  /** Events after which a session continues as new. */
  budgetEvents: number;
  queueDepth: number;
}

const CALL_TIMEOUT_MS = 8_000;
const PING_TIMEOUT_MS = 2_000;

/** The sessions' workflows by the Temporal client: the only place where the api's words meet Temporal's. */
export function makeSessionWorkflows(options: SessionWorkflowsOptions): SessionWorkflows {
  const { client, ring } = options;
  const limits = { budget_events: options.budgetEvents, queue_depth: options.queueDepth };

  /** Runs a call with a time limit, and translates its failures into the product's errors. */
  async function call<T>(sessionId: string, timeoutMs: number, run: () => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + timeoutMs, run);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw await notRunning(sessionId);
      if (error instanceof XswarmError || error instanceof WorkflowExecutionAlreadyStartedError) throw error;
      if (isUnreachable(error)) throw errors.unavailable('Temporal', error);
      throw error;
    }
  }

  async function notRunning(sessionId: string): Promise<XswarmError> {
    const status = await describe(sessionId);
    return status === 'unknown' ? errors.sessionNotFound(sessionId) : errors.sessionNotActive(sessionId);
  }

  async function describe(sessionId: string): ReturnType<SessionWorkflows['describe']> {
    try {
      const { status } = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => handleOf(sessionId).describe());
      if (status.name === 'RUNNING') return 'running';
      return status.name === 'COMPLETED' ? 'ended' : 'failed';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'unknown';
      throw isUnreachable(error) ? errors.unavailable('Temporal', error) : error;
    }
  }

  function handleOf(sessionId: string): WorkflowHandle<typeof sessionWorkflow> {
    return client.workflow.getHandle<typeof sessionWorkflow>(workflowIdOf(sessionId));
  }

  async function startRun(session: SessionStart, input: SessionInput, again: boolean): Promise<void> {
    await client.workflow.start(SESSION_WORKFLOW, {
      workflowId: workflowIdOf(session.session_id),
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowIdReusePolicy: again ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      workflowTaskTimeout: '5s',
      staticSummary: summaryText(`${session.user_id}: ${session.title ?? session.project_path}`),
      typedSearchAttributes: [
        { key: searchAttributes.user, value: session.user_id },
        { key: searchAttributes.project, value: ring.pseudonym(session.project_path) },
        { key: searchAttributes.status, value: 'connecting' },
        { key: searchAttributes.costUsd, value: 0 },
      ],
    });
  }

  async function start(session: SessionStart, floor: SessionFloor | undefined): Promise<'started' | 'running'> {
    try {
      await startRun(session, { ...limits, start: session, floor }, false);
      return 'started';
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    const status = await describe(session.session_id);
    if (status === 'running') return 'running';
    // What an operator terminated has no state to continue from, and is resumed only when somebody asks for that.
    const last = status === 'ended' ? await resultOf(handleOf(session.session_id)) : null;
    if (last?.phase.type !== 'error') throw errors.sessionNotActive(session.session_id);
    // The same call again would begin a conversation of its own under the old id.
    if (last.phase.failure.code === 'SESSION_NOT_RESUMABLE') {
      throw errors.sessionNotResumable(session.session_id, last.phase.failure.message);
    }
    return await startAgain(session, { ...limits, state: last });
  }

  async function resume(session: SessionStart, floor: SessionFloor): Promise<'started' | 'running'> {
    const status = await describe(session.session_id);
    if (status === 'running') return 'running';
    const last = status === 'ended' ? await resultOf(handleOf(session.session_id)) : null;
    if (last === null) return await startAgain(session, { ...limits, start: session, floor, resume: true });
    const state = { ...last, version: Math.max(last.version, floor.version) };
    return await startAgain(session, { ...limits, state, resume: true });
  }

  async function startAgain(session: SessionStart, input: SessionInput): Promise<'started' | 'running'> {
    try {
      await startRun(session, input, true);
      return 'started';
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'running';
      throw error;
    }
  }

  async function submit(sessionId: string, message: SubmitMessage): Promise<void> {
    await call(sessionId, CALL_TIMEOUT_MS, () => handleOf(sessionId).signal(submitMessage, message));
  }

  async function answer(sessionId: string, given: AnswerGiven): Promise<AnswerOutcome> {
    try {
      return trusted(await handleOf(sessionId).executeUpdate(answerInteraction, { args: [given] }));
    } catch (error) {
      const rejection = rejectionIn(error);
      if (rejection === null) throw error;
      return rejection;
    }
  }

  return {
    answer: (sessionId, given) => call(sessionId, CALL_TIMEOUT_MS, () => answer(sessionId, given)),
    start: (session, { floor } = {}) => call(session.session_id, CALL_TIMEOUT_MS, () => start(session, floor)),
    resume: (session, floor) => call(session.session_id, CALL_TIMEOUT_MS, () => resume(session, floor)),
    presence: (sessionId) => call(sessionId, CALL_TIMEOUT_MS, () => handleOf(sessionId).signal(presence)),
    submit: (sessionId, { message_id, content, context }: AgentMessage) =>
      submit(sessionId, { message_id, content, context }),
    submitStored: (sessionId, messageId) => submit(sessionId, { message_id: messageId, content: null }),
    disconnect: (sessionId, reason) =>
      call(sessionId, CALL_TIMEOUT_MS, () => handleOf(sessionId).signal(disconnect, { reason })),
    withdraw: (sessionId, reason, message_id) =>
      call(sessionId, CALL_TIMEOUT_MS, () => handleOf(sessionId).signal(withdraw, { reason, message_id })),
    reap: (sessionId) => call(sessionId, CALL_TIMEOUT_MS, () => handleOf(sessionId).signal(reap)),
    ledger: (sessionId) =>
      call(sessionId, CALL_TIMEOUT_MS, async () => trusted(await handleOf(sessionId).query(getLedger))),
    describe,
    async listRunning() {
      return await call('', 30_000, async () => {
        const ids: string[] = [];
        const running = client.workflow.list({
          query: `WorkflowType = "${SESSION_WORKFLOW}" AND ExecutionStatus = "Running"`,
        });
        for await (const { workflowId } of running) ids.push(sessionIdOf(workflowId));
        return ids;
      });
    },
    async ping() {
      await call('', PING_TIMEOUT_MS, () => client.workflowService.getSystemInfo({}));
    },
  };
}

/** The rejection that the workflow's validator answered an update with; null for another failure. */
function rejectionIn(error: unknown): AnswerOutcome | null {
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) return null;
  const { type: code, details } = error.cause;
  if (code === 'INTERACTION_NOT_FOUND') return { type: 'rejected', code };
  if (code !== 'ALREADY_ANSWERED' && code !== 'INTERACTION_WITHDRAWN') return null;
  return { type: 'rejected', code, end: details?.[0] as InteractionEnd };
}

function isUnreachable(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  if (!(error instanceof Error)) return false;
  const cause = isGrpcServiceError(error) ? error : error.cause;
  return isGrpcServiceError(cause);
}
