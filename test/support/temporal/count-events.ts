import type { temporal } from '@temporalio/proto';
import proto from '@temporalio/proto';

const { EventType } = proto.temporal.api.enums.v1;

/** What a workflow task is for. */
const CAUSES = new Set([
  'WORKFLOW_EXECUTION_STARTED',
  'WORKFLOW_EXECUTION_SIGNALED',
  'WORKFLOW_EXECUTION_CANCEL_REQUESTED',
  'ACTIVITY_TASK_COMPLETED',
  'ACTIVITY_TASK_FAILED',
  'ACTIVITY_TASK_TIMED_OUT',
  'TIMER_FIRED',
]);

/**
 * Counts what a history holds, by kind. A workflow task, which is three events, counts as one where something called for
 * it. Where nothing did, the machine stood still: the SDK said that the task before goes on, or the server gave it out
 * again. Those are counted as `repeated`, for they say nothing of the workflow.
 */
export function countEvents(events: readonly temporal.api.history.v1.IHistoryEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const names = events.map(({ eventType }) => (EventType[eventType ?? 0] ?? '').replace('EVENT_TYPE_', ''));
  for (const [index, name] of names.entries()) {
    const kind = kindOf(name, names[index - 1] ?? '');
    if (kind !== null) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function kindOf(name: string, before: string): string | null {
  if (name === 'WORKFLOW_TASK_SCHEDULED') return CAUSES.has(before) ? 'WORKFLOW_TASK' : 'repeated';
  return name.startsWith('WORKFLOW_TASK_') ? null : name;
}
