import {
  type Client,
  isGrpcServiceError,
  QueryNotRegisteredError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { errors } from '../domain/errors.ts';
import type { SessionPast, SessionRecord, SessionRecords } from '../domain/session/session-record.ts';
import { getRecord, SESSION_WORKFLOW, sessionIdOf, workflowIdOf } from '../workflows/definitions.ts';
import type { sessionWorkflow } from '../workflows/session/session.ts';
import { recordOf } from '../workflows/state/session-views.ts';
import { resultOf, trusted } from './payloads/read-payload.ts';
import { readRun } from './session-history.ts';

type Listed = Awaited<ReturnType<SessionRecords['list']>>[number];

const CALL_TIMEOUT_MS = 15_000;
const LIST_TIMEOUT_MS = 120_000;

/** Reads what Temporal remembers of the sessions; changes nothing. */
export function makeSessionRecords({ client }: { client: Client }): SessionRecords {
  async function call<T>(timeoutMs: number, run: () => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + timeoutMs, run);
    } catch (error) {
      throw isUnreachable(error) ? errors.unavailable('Temporal', error) : error;
    }
  }

  function handleOf(sessionId: string, runId?: string): WorkflowHandle<typeof sessionWorkflow> {
    return client.workflow.getHandle<typeof sessionWorkflow>(workflowIdOf(sessionId), runId);
  }

  async function record(sessionId: string): Promise<SessionRecord | null> {
    const { runId, status } = await handleOf(sessionId).describe();
    const handle = handleOf(sessionId, runId);
    // What a session returns needs no worker to be read.
    if (status.name === 'COMPLETED') {
      const state = await resultOf(handle);
      return state === null ? null : recordOf(state);
    }
    return { ...trusted(await handle.query(getRecord)), ended: status.name !== 'RUNNING' };
  }

  /** The runs in their order; the newest may not be listed yet. */
  async function runsOf(sessionId: string): Promise<string[]> {
    const current = (await handleOf(sessionId).describe()).runId;
    const listed: { runId: string; startedAt: Date }[] = [];
    for await (const run of client.workflow.list({ query: `WorkflowId = "${workflowIdOf(sessionId)}"` })) {
      listed.push({ runId: run.runId, startedAt: run.startTime });
    }
    const runs = listed.sort((one, other) => one.startedAt.getTime() - other.startedAt.getTime());
    return [...new Set([...runs.map(({ runId }) => runId), current])];
  }

  async function past(sessionId: string): Promise<SessionPast> {
    const [first, ...later] = await runsOf(sessionId);
    const messages = new Map<string, SessionPast['messages'][number]>();
    const statuses: SessionPast['statuses'] = [];
    let complete = true;
    for (const [index, runId] of [first, ...later].entries()) {
      const history = await handleOf(sessionId, runId).fetchHistory();
      const run = await readRun(client, workflowIdOf(sessionId), history);
      if (index === 0) complete = run.isFirst;
      for (const message of run.messages)
        if (!messages.has(message.message_id)) messages.set(message.message_id, message);
      // A run begins with the status that the one before had.
      for (const change of run.statuses) if (change.status !== statuses.at(-1)?.status) statuses.push(change);
    }
    return { messages: [...messages.values()], statuses, complete };
  }

  return {
    async list() {
      return await call(LIST_TIMEOUT_MS, async () => {
        const sessions = new Map<string, Listed>();
        for await (const run of client.workflow.list({ query: `WorkflowType = "${SESSION_WORKFLOW}"` })) {
          const session_id = sessionIdOf(run.workflowId);
          const started_at = run.startTime.toISOString();
          const known = sessions.get(session_id) ?? { session_id, started_at, running: false };
          const earlier = started_at < known.started_at ? started_at : known.started_at;
          const running = known.running || run.status.name === 'RUNNING';
          sessions.set(session_id, { session_id, started_at: earlier, running });
        }
        return [...sessions.values()].sort((one, other) => (one.started_at < other.started_at ? -1 : 1));
      });
    },
    async record(sessionId) {
      try {
        return await call(CALL_TIMEOUT_MS, () => record(sessionId));
      } catch (error) {
        // A run that was ended as forged has no handlers.
        if (error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError) return null;
        throw error;
      }
    },
    async past(sessionId) {
      try {
        return await call(LIST_TIMEOUT_MS, () => past(sessionId));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { messages: [], statuses: [], complete: false };
        throw error;
      }
    },
  };
}

function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof WorkflowNotFoundError) return false;
  return isGrpcServiceError(error) || isGrpcServiceError(error.cause);
}
