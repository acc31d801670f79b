import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { nanoToUsd } from '../../domain/money/money.ts';
import { searchAttributes } from '../definitions.ts';
import { detailsMarkdown } from '../state/details.ts';
import { statusOf } from '../state/session-state.ts';
import type { SessionState } from '../state/session-state.ts';

/** A run's memory of its session: one plain state, replaced by what a pure function made of it. */
export class Memory {
  #state: SessionState;

  constructor(initial: SessionState) {
    this.#state = initial;
    setCurrentDetails(detailsMarkdown(initial));
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Replaces the state; the operator sees it at once. */
  update(next: SessionState): void {
    this.#state = next;
    setCurrentDetails(detailsMarkdown(next));
  }

  /** Writes the search attributes that the list of the Web UI shows: one event, so only when the status changes. */
  showStatus(): void {
    upsertSearchAttributes([
      { key: searchAttributes.status, value: statusOf(this.#state) },
      { key: searchAttributes.costUsd, value: nanoToUsd(this.#state.cost_nano) },
    ]);
  }
}

/** The time of the workflow task, as the state keeps times. */
export function now(): string {
  return new Date().toISOString();
}
