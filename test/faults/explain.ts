import { Client, Connection } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import proto from '@temporalio/proto';
import { workflowIdOf } from '../../workflows/definitions.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const { EventType, TimeoutType } = proto.temporal.api.enums.v1;

/** The events of a session since a time, a line each, over as many runs as that takes: where the time went. */
export async function explainSession(address: string, sessionId: string, since: Date): Promise<string[]> {
  const connection = await Connection.connect({ address });
  try {
    const { workflow } = new Client({ connection });
    const lines: string[] = [];
    let runId: string | null | undefined;
    do {
      const { events } = await workflow.getHandle(workflowIdOf(sessionId), runId ?? undefined).fetchHistory();
      lines.unshift(...(events ?? []).filter((event) => timeOf(event) >= since).map(lineOf));
      const [first] = events ?? [];
      const isCovered = first === undefined || timeOf(first) < since;
      runId = isCovered ? null : first.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    } while (runId);
    return lines;
  } finally {
    await connection.close();
  }
}

function timeOf({ eventTime }: HistoryEvent): Date {
  return new Date(Number(eventTime?.seconds ?? 0) * 1000 + Math.round((eventTime?.nanos ?? 0) / 1e6));
}

function lineOf(event: HistoryEvent): string {
  const started = event.activityTaskStartedEventAttributes;
  const timedOut = event.workflowTaskTimedOutEventAttributes;
  const failed = event.workflowTaskFailedEventAttributes;
  const task = event.workflowTaskScheduledEventAttributes;
  const more = [
    event.activityTaskScheduledEventAttributes?.activityType?.name,
    started && `attempt ${started.attempt} ${started.lastFailure?.message ?? ''}`,
    event.activityTaskFailedEventAttributes?.failure?.message,
    timedOut && TimeoutType[timedOut.timeoutType ?? 0],
    failed && `${String(failed.cause)} ${failed.failure?.message ?? ''}`,
    task && `queue ${task.taskQueue?.name} attempt ${task.attempt}`,
    event.workflowExecutionSignaledEventAttributes?.signalName,
    event.markerRecordedEventAttributes?.failure?.message,
  ].filter(Boolean);
  const type = (EventType[event.eventType ?? 0] ?? '').replace('EVENT_TYPE_', '');
  return `      ${timeOf(event).toISOString().slice(14)} ${String(event.eventId)} ${type} ${more.join(' ')}`;
}
