import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AnswerGiven, AnswerOutcome } from '../domain/control/interaction.ts';
import type { SessionRecord } from '../domain/session/session-record.ts';
import type { SessionLedger } from '../domain/session/session-workflows.ts';

/** The workflow type, as the Web UI shows it. */
export const SESSION_WORKFLOW = 'session';

/** The workflow id of a session. */
export function workflowIdOf(sessionId: string): string {
  return `session-${sessionId}`;
}

/** The session of a workflow id. */
export function sessionIdOf(workflowId: string): string {
  return workflowId.slice(workflowIdOf('').length);
}

/** A message as it is signalled; `content` is null when the body is stored under its id. */
export interface SubmitMessage {
  message_id: string;
  content: string | null;
  context?: Record<string, unknown>;
}

/** Hands a message over; a known `message_id` is dropped. */
export const submitMessage = defineSignal<[SubmitMessage]>('submit_message');
/** Asks the session to end with this reason; the first one wins. */
export const disconnect = defineSignal<[{ reason: string }]>('disconnect');
/** Somebody is attached: the idle timeout counts from now. */
export const presence = defineSignal('presence');
/** The turn that waits for a person was stopped at the gateway: what it asks is withdrawn, and its outcome is received. */
export const withdraw = defineSignal<[{ message_id?: string; reason: string }]>('withdraw');
/** Records a person's answer; the first one wins. What is rejected costs no event. */
export const answerInteraction = defineUpdate<AnswerOutcome, [AnswerGiven]>('answer');
/** Ends the session with `Idle timeout` if it is past it now. */
export const reap = defineSignal('reap');
/**
 * The signals that carry no payload, so that nothing shows who sent them: they must be harmless. Every other signal carries one
 * object, which the codec authenticates.
 */
export const BARE_SIGNALS: readonly string[] = [presence.name, reap.name];
/** The ledger, queue and status. */
export const getLedger = defineQuery<SessionLedger>('ledger');
/** All that the mirror is checked by. */
export const getRecord = defineQuery<SessionRecord>('record');

/** What the log says before a run hands over to the next one. */
export const NEXT_RUN = 'handing over to the next run';

/** Search attributes that the Web UI filters sessions by. They are not encrypted: a project is there under a pseudonym. */
export const searchAttributes = {
  user: defineSearchAttributeKey('XswarmUser', 'KEYWORD'),
  project: defineSearchAttributeKey('XswarmProject', 'KEYWORD'),
  status: defineSearchAttributeKey('XswarmStatus', 'KEYWORD'),
  costUsd: defineSearchAttributeKey('XswarmCostUsd', 'DOUBLE'),
};
