import { upsertSearchAttributes } from '@temporalio/workflow';
import { nanoToUsd } from '../../domain/money/money.ts';
import { searchAttributes } from '../definitions.ts';
import type { SessionState } from '../state/session-state.ts';

/** Puts what the list of the Web UI shows into the search attributes: one event, so only when the status changes. */
export function showStatus(state: SessionState): void {
  upsertSearchAttributes([
    { key: searchAttributes.status, value: state.status },
    { key: searchAttributes.costUsd, value: nanoToUsd(state.cost_nano) },
  ]);
}
