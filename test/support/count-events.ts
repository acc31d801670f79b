import type { temporal } from '@temporalio/proto';
import proto from '@temporalio/proto';

const { EventType } = proto.temporal.api.enums.v1;

/**
 * Counts what a history holds, by kind. A workflow task counts as one (it is three events) where something called for it.
 * One that follows another task at once repeats it: the machine stood still until the server or the SDK gave the task
 * out again. Those are counted as `repeated`, for they say nothing of the workflow.
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

const TASK_END = /^WORKFLOW_TASK_(COMPLETED|FAILED|TIMED_OUT)$/;

function kindOf(name: string, before: string): string | null {
  if (name === 'WORKFLOW_TASK_SCHEDULED') return TASK_END.test(before) ? 'repeated' : 'WORKFLOW_TASK';
  return name.startsWith('WORKFLOW_TASK_') ? null : name;
}
