import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { SessionPast } from '../domain/session/session-record.ts';
import { SESSION_STATUSES, type SessionStatus } from '../domain/session/session.ts';
import { searchAttributes, submitMessage, type SubmitMessage } from '../workflows/definitions.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** What one run's history tells of its session; `isFirst` where nothing ran before it, as far as it says. */
export function readRun(
  history: temporal.api.history.v1.IHistory,
): Omit<SessionPast, 'complete'> & { isFirst: boolean } {
  const events = history.events ?? [];
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  return {
    isFirst: started !== undefined && (started?.continuedExecutionRunId ?? '') === '',
    messages: events.flatMap(messageIn),
    statuses: events.flatMap((event) => {
      const fields =
        event.workflowExecutionStartedEventAttributes?.searchAttributes?.indexedFields ??
        event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
      const status = statusOf(fields?.[searchAttributes.status.name]);
      return status === null ? [] : [{ timestamp: timeOf(event), status }];
    }),
  };
}

function messageIn(event: HistoryEvent): SessionPast['messages'] {
  const signal = event.workflowExecutionSignaledEventAttributes;
  const payload = signal?.input?.payloads?.[0];
  if (signal?.signalName !== submitMessage.name || payload === undefined || payload === null) return [];
  const message = defaultPayloadConverter.fromPayload<SubmitMessage>(payload);
  return [{ timestamp: timeOf(event), ...message }];
}

function statusOf(payload: temporal.api.common.v1.IPayload | undefined): SessionStatus | null {
  if (payload === undefined) return null;
  const value: unknown = defaultPayloadConverter.fromPayload(payload);
  const text: unknown = Array.isArray(value) ? value[0] : value;
  return SESSION_STATUSES.find((status) => status === text) ?? null;
}

function timeOf(event: HistoryEvent): string {
  const seconds = Number(event.eventTime?.seconds ?? 0);
  const milliseconds = Math.floor((event.eventTime?.nanos ?? 0) / 1e6);
  return new Date(seconds * 1000 + milliseconds).toISOString();
}
