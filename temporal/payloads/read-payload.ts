import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { errors } from '../../domain/errors.ts';
import { acceptPlain, isPlain } from '../../workflows/plain-payload.ts';
import { loadState, type SavedState } from '../../workflows/state/load-state.ts';
import type { SessionState } from '../../workflows/state/session-state.ts';
import type { sessionWorkflow } from '../../workflows/session/session.ts';

/** The run that a payload was found in. */
export interface PayloadRun {
  workflowId: string;
  startedAt: Date;
}

/** Reads a payload of a history as the run itself read it; returns null when the run dropped it as forged. */
export async function readPayload<T>(client: Client, payload: Payload, run: PayloadRun): Promise<T | null> {
  const { namespace, loadedDataConverter } = client.options;
  const context = { type: 'workflow', namespace, workflowId: run.workflowId } as const;
  let payloads = [payload];
  for (const codec of loadedDataConverter.payloadCodecs.toReversed()) payloads = await codec.decode(payloads, context);
  const [decoded = payload] = payloads;
  const value = acceptPlain(loadedDataConverter.payloadConverter.fromPayload(decoded, context), run.startedAt);
  return isPlain(value) ? null : (value as T);
}

/** Returns the state that a completed session left; null when it was not written by this installation. */
export async function resultOf(handle: WorkflowHandle<typeof sessionWorkflow>): Promise<SessionState | null> {
  const { startTime } = await handle.describe();
  const state = acceptPlain(await handle.result(), startTime);
  return isPlain(state) ? null : loadState(state as SavedState);
}

/** Returns the answer to a query or update. Throws `UNAVAILABLE` when a worker of somebody else made it. */
export function trusted<T>(answer: T): T {
  if (isPlain(answer)) throw errors.unavailable('The worker of this installation');
  return answer;
}
