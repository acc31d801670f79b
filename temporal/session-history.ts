import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { SessionPast } from '../domain/session/session-record.ts';
import { SESSION_STATUSES, type SessionStatus } from '../domain/session/session.ts';
import { readPayload, type PayloadRun } from './payloads/read-payload.ts';
import { searchAttributes, submitMessage, type SubmitMessage } from '../workflows/definitions.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** Reads what one run's history says of its session; `isFirst` when it names no run before it. */
export async function readRun(
  client: Client,
  workflowId: string,
  history: temporal.api.history.v1.IHistory,
): Promise<Omit<SessionPast, 'complete'> & { isFirst: boolean }> {
  const events = history.events ?? [];
  const [first] = events;
  const started = first?.workflowExecutionStartedEventAttributes;
  const run = { workflowId, startedAt: new Date(first === undefined ? 0 : timeOf(first)) };
  const messages: SessionPast['messages'] = [];
  for (const event of events) messages.push(...(await messageIn(client, event, run)));
  return {
    isFirst: started !== undefined && (started?.continuedExecutionRunId ?? '') === '',
    messages,
    statuses: events.flatMap((event) => {
      const fields =
        event.workflowExecutionStartedEventAttributes?.searchAttributes?.indexedFields ??
        event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
      const status = statusOf(fields?.[searchAttributes.status.name]);
      return status === null ? [] : [{ timestamp: timeOf(event), status }];
    }),
  };
}

async function messageIn(client: Client, event: HistoryEvent, run: PayloadRun): Promise<SessionPast['messages']> {
  const signal = event.workflowExecutionSignaledEventAttributes;
  const payload = signal?.input?.payloads?.[0];
  if (signal?.signalName !== submitMessage.name || payload === undefined || payload === null) return [];
  const message = await readPayload<SubmitMessage>(client, payload, run);
  return message === null ? [] : [{ timestamp: timeOf(event), ...message }];
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
