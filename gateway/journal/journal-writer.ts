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
  /** It may wait some milliseconds for what is likely to follow, so that both share a commit. */
  mayWait?: boolean;
  /** With it, the entry is given up when too much waits for a journal that cannot be written. */
  lost?: () => void;
}

/** Puts events of all sessions into one transaction a tick, so that sessions side by side share a sync. */
export interface JournalWriter {
  append(entry: JournalEntry): void;
  /** Commits what waits, now; later when it is called out of `committed`. */
  flush(): void;
  /** Commits what waits if it can, and tries no more. */
  stop(): void;
  /** Why the last commit failed; null while all is well. */
  readonly failure: Error | null;
}

const RETRY_MS = 500;
/** Claude Code's result follows its last text by 5 to 15 ms. */
const WAIT_MS = 25;
/** What waits at most, in characters, while the journal cannot be written; results are kept beyond it. */
const KEPT_LIMIT = 16 * 2 ** 20;
/** What an event takes besides its text. */
const EVENT_SIZE = 500;

/** `firstSeq` gives the number after which a session's numbering goes on. */
export function makeJournalWriter(
  journal: Pick<Journal, 'transaction' | 'insertEvent' | 'probe'>,
  lastSeqOf: (sessionId: string) => number,
  onFailure: (error: Error) => void,
  keptLimit = KEPT_LIMIT,
): JournalWriter {
  let waiting: JournalEntry[] = [];
  /** Takes back the flush that is to come; null when none is. */
  let unschedule: (() => void) | null = null;
  /** Whether the flush that is to come is a late one. */
  let isLate = false;
  let publishing = false;
  let stopped = false;
  let failure: Error | null = null;
  /** How much was kept since the journal failed. */
  let kept = 0;

  function flush(): void {
    if (publishing) return;
    unschedule?.();
    unschedule = null;
    isLate = false;
    if (waiting.length === 0 && failure === null) return;
    const batch = waiting;
    waiting = [];
    const numbers: number[] = [];
    try {
      write(batch, numbers);
      failure = null;
      kept = 0;
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
      // Nobody is let in while it fails, so that it has to be tried without them.
      if (failure !== null) journal.probe();
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
    if (!stopped) flushLater(RETRY_MS);
    for (const entry of batch) entry.failed?.(error);
  }

  function flushSoon(): void {
    unschedule?.();
    isLate = false;
    const immediate = setImmediate(flush);
    unschedule = () => clearImmediate(immediate);
  }

  function flushLater(ms: number): void {
    const timer = setTimeout(flush, ms);
    unschedule = () => clearTimeout(timer);
  }

  return {
    append(entry) {
      if (failure !== null) {
        if (entry.lost !== undefined && kept > keptLimit) return entry.lost();
        kept += EVENT_SIZE + (entry.event.type === 'text' ? entry.event.text.length : 0);
      }
      waiting.push(entry);
      const isPatient = entry.mayWait === true;
      if (unschedule === null && isPatient) {
        isLate = true;
        flushLater(WAIT_MS);
      } else if (unschedule === null || (isLate && !isPatient)) flushSoon();
    },
    flush,
    stop() {
      stopped = true;
      flush();
    },
    get failure() {
      return failure;
    },
  };
}
