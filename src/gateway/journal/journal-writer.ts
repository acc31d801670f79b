import type { AgentEvent } from '../../domain/event.ts';
import type { Journal } from './journal.ts';

/** One event on its way into the journal. */
export interface JournalEntry {
  sessionId: string;
  event: AgentEvent;
  /** More statements of the same transaction. */
  alongside?: (seq: number) => void;
  /** Called after the commit for all entries, before any `committed`. */
  numbered: (seq: number) => void;
  /** Called after the commit, in the order of the entries. */
  committed: (seq: number) => void;
  /** With it, a failed commit gives the entry up; without it, the entry is kept and tried again. */
  failed?: (error: unknown) => void;
}

/** Puts events of all sessions into one transaction a tick, so that sessions side by side share a sync. */
export interface JournalWriter {
  append(entry: JournalEntry): void;
  /** Commits what waits, now; later when it is called out of `committed`. */
  flush(): void;
  /** Why the last commit failed; null while all is well. */
  readonly failure: Error | null;
}

const RETRY_MS = 500;

/** `firstSeq` gives the number after which a session's numbering goes on. */
export function makeJournalWriter(
  journal: Pick<Journal, 'transaction' | 'insertEvent'>,
  lastSeqOf: (sessionId: string) => number,
  onFailure: (error: Error) => void,
): JournalWriter {
  let waiting: JournalEntry[] = [];
  let scheduled: NodeJS.Immediate | NodeJS.Timeout | null = null;
  let publishing = false;
  let failure: Error | null = null;

  function flush(): void {
    if (publishing) return;
    if (scheduled !== null) {
      clearImmediate(scheduled as NodeJS.Immediate);
      clearTimeout(scheduled as NodeJS.Timeout);
      scheduled = null;
    }
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    const numbers: number[] = [];
    try {
      write(batch, numbers);
      failure = null;
    } catch (error) {
      keepAfterFailure(batch, error);
      return;
    }
    for (const [index, entry] of batch.entries()) entry.numbered(numbers[index]!);
    publishing = true;
    try {
      for (const [index, entry] of batch.entries()) entry.committed(numbers[index]!);
    } finally {
      publishing = false;
    }
  }

  function write(batch: JournalEntry[], numbers: number[]): void {
    const last = new Map<string, number>();
    journal.transaction(() => {
      for (const entry of batch) {
        const seq = (last.get(entry.sessionId) ?? lastSeqOf(entry.sessionId)) + 1;
        last.set(entry.sessionId, seq);
        numbers.push(seq);
        journal.insertEvent(entry.sessionId, seq, entry.event);
        entry.alongside?.(seq);
      }
    });
  }

  function keepAfterFailure(batch: JournalEntry[], error: unknown): void {
    if (failure === null) onFailure(error as Error);
    failure = error as Error;
    waiting = [...batch.filter((entry) => entry.failed === undefined), ...waiting];
    if (waiting.length > 0) scheduled = setTimeout(flush, RETRY_MS);
    for (const entry of batch) entry.failed?.(error);
  }

  return {
    append(entry) {
      waiting.push(entry);
      scheduled ??= setImmediate(flush);
    },
    flush,
    get failure() {
      return failure;
    },
  };
}
