import { setCurrentDetails } from '@temporalio/workflow';
import { detailsMarkdown } from '../state/details.ts';
import type { SessionState } from '../state/session-state.ts';

/** A run's memory of its session: one plain state, replaced by what a pure function made of it. */
export interface Memory {
  readonly state: SessionState;
  /** Replaces the state; the operator sees it at once. */
  update(next: SessionState): void;
}

export function makeMemory(initial: SessionState): Memory {
  let state = initial;
  const update = (next: SessionState): void => {
    state = next;
    setCurrentDetails(detailsMarkdown(state));
  };
  update(initial);
  return {
    get state() {
      return state;
    },
    update,
  };
}

/** The time of the workflow task, as the state keeps times. */
export function now(): string {
  return new Date().toISOString();
}
