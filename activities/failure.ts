import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { XswarmError } from '../domain/errors.ts';
import { ConnectionError } from './line/connection-errors.ts';

/**
 * The one place where an error becomes a Temporal failure: its `type` is the code that the workflow matches on.
 * Messages go into the history, so only our own words do; a foreign error keeps its name and message in the log.
 */
export function toFailure(error: unknown): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  if (error instanceof ConnectionError) {
    return ApplicationFailure.create({ message: error.message, type: error.type, nonRetryable: !error.retryable });
  }
  if (error instanceof XswarmError) {
    return ApplicationFailure.create({ message: error.message, type: error.code });
  }
  if (error instanceof Error && error.name === 'AbortError') return new CancelledFailure('cancelled');
  const message = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error';
  return ApplicationFailure.create({ message, type: 'UNAVAILABLE' });
}

/** Runs an activity's body and translates what it throws. The stack stays out of the history: it names our files. */
export async function withFailures<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const failure = toFailure(error);
    failure.stack = '';
    throw failure;
  }
}
