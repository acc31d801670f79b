import { Client, Connection } from '@temporalio/client';
import { workflowIdOf } from '../../src/workflows/definitions.ts';

/** The events of a session's newest run since a time, a line each: where the time went. */
export async function explainSession(address: string, sessionId: string, since: Date): Promise<string[]> {
  const connection = await Connection.connect({ address });
  try {
    const { events } = await new Client({ connection }).workflow.getHandle(workflowIdOf(sessionId)).fetchHistory();
    return (events ?? []).flatMap((event) => {
      const { seconds, nanos } = event.eventTime ?? {};
      const at = new Date(Number(seconds ?? 0) * 1000 + Math.round((nanos ?? 0) / 1e6));
      if (at < since) return [];
      const started = event.activityTaskStartedEventAttributes;
      const timedOut = event.workflowTaskTimedOutEventAttributes;
      const more = [
        event.activityTaskScheduledEventAttributes?.activityType?.name,
        started && `attempt ${started.attempt} ${started.lastFailure?.message ?? ''}`,
        timedOut && `time-out ${timedOut.timeoutType}`,
        event.workflowTaskScheduledEventAttributes &&
          `queue ${event.workflowTaskScheduledEventAttributes.taskQueue?.name}`,
        event.workflowExecutionSignaledEventAttributes?.signalName,
        event.markerRecordedEventAttributes?.markerName,
      ].filter(Boolean);
      return [
        `      ${at.toISOString().slice(14)} ${String(event.eventId)} ${String(event.eventType)} ${more.join(' ')}`,
      ];
    });
  } finally {
    await connection.close();
  }
}
