import type { SessionState } from './session-state.ts';

/** When a quiet session releases its agent; null when it times out first. Milliseconds since the epoch. */
export function idleAt(state: SessionState): number | null {
  const { idle_after_seconds, idle_timeout_seconds } = state.options;
  if (idle_after_seconds >= idle_timeout_seconds) return null;
  return Date.parse(state.last_activity) + idle_after_seconds * 1000;
}

/** When a quiet session ends with `Idle timeout`. Milliseconds since the epoch. */
export function timeoutAt(state: SessionState): number {
  const { last_activity, present_at = last_activity, options } = state;
  return Math.max(Date.parse(last_activity), Date.parse(present_at)) + options.idle_timeout_seconds * 1000;
}

/** When the session ends whatever it does; null without such a limit. Milliseconds since the epoch. */
export function wallClockAt(state: SessionState): number | null {
  const { started_at, resumed_at = started_at, options } = state;
  const limit = options.max_duration_seconds;
  return limit === undefined ? null : Date.parse(resumed_at) + limit * 1000;
}
