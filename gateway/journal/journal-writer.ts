import type { AgentEvent } from '../../domain/session/event.ts';
import type { Journal } from './journal.ts';

/** A session's part of the journal, as the writer needs it. */
export interface NumberedLog {
  readonly sessionId: string;
  /** The number of the newest committed event. */
  readonly lastSeq: number;
  /** Called after a commit for each entry, before any `published`. */
  numbered(seq: number): void;
  /** Called after a commit, in the order of the entries. */
  published(seq: number, event: AgentEvent): void;
  /** An entry is not written: `dropped` because too much waits, `refused` because the commit failed. */
  unwritten(why: 'dropped' | 'refused'): void;
}

/** One event on its way into the journal. */
export interface JournalEntry {
  log: NumberedLog;
  event: AgentEvent;
  /** More statements of the same transaction. */
  alongside?: ((seq: number) => void) | undefined;
  /** While the journal cannot be written: wait for as long as it takes, wait unless too much waits, or do not wait. */
  onFailure: 'keep' | 'drop' | 'refuse';
  /** Whether the entry may wait some milliseconds for what is likely to follow, so that both share a commit. */
  mayWait?: boolean;
}

interface Waiting extends JournalEntry {
  resolve: (seq: number) => void;
  reject: (error: Error) => void;
}

const RETRY_MS = 500;
/** Claude Code's result follows its last text by 5 to 15 ms. */
const WAIT_MS = 25;
/** The most that is kept while the journal cannot be written, in characters. Results are kept beyond it. */
const KEPT_LIMIT = 16 * 2 ** 20;
/** The size of an event besides its text. */
const EVENT_SIZE = 500;

/** Writes the events of all sessions in one transaction for each tick, so that sessions side by side share a sync. */
export class JournalWriter {
  readonly #journal: Pick<Journal, 'transaction' | 'insertEvent' | 'probe'>;
  readonly #onFailure: (error: Error) => void;
  #waiting: Waiting[] = [];
  /** Cancels the scheduled flush; null when none is scheduled. */
  #unschedule: (() => void) | null = null;
  /** Whether the scheduled flush waits for more. */
  #isLate = false;
  #publishing = false;
  #stopped = false;
  #failure: Error | null = null;
  /** The size of what was kept since the journal failed. */
  #kept = 0;

  /** `onFailure` is called for the first of several failed commits in a row. */
  constructor(journal: Pick<Journal, 'transaction' | 'insertEvent' | 'probe'>, onFailure: (error: Error) => void) {
    this.#journal = journal;
    this.#onFailure = onFailure;
  }

  /** Why the last commit failed; null when it succeeded. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Resolves with the event's number when it is durable. Rejects when it is refused, dropped, or left at `stop`. */
  append(entry: JournalEntry): Promise<number> {
    const written = new Promise<number>((resolve, reject) => this.#enqueue({ ...entry, resolve, reject }));
    // Not everybody waits for it; `unwritten` reports the failure as well.
    written.catch(() => undefined);
    return written;
  }

  /** Commits what waits, now; later when it is called out of `published`. */
  flush(): void {
    if (this.#publishing) return;
    this.#unschedule?.();
    this.#unschedule = null;
    this.#isLate = false;
    if (this.#waiting.length === 0 && this.#failure === null) return;
    const batch = this.#waiting;
    this.#waiting = [];
    const numbers: number[] = [];
    try {
      this.#write(batch, numbers);
    } catch (error) {
      return this.#keepAfterFailure(batch, error as Error);
    }
    this.#failure = null;
    this.#kept = 0;
    for (const [index, entry] of batch.entries()) entry.log.numbered(numbers[index]!);
    this.#publishing = true;
    try {
      for (const [index, { log, event, resolve }] of batch.entries()) {
        resolve(numbers[index]!);
        log.published(numbers[index]!, event);
      }
    } finally {
      this.#publishing = false;
    }
  }

  /** Commits what waits if that is possible, and tries no more. Returns what could not be written. */
  stop(): { session_id: string; type: AgentEvent['type'] }[] {
    this.#stopped = true;
    this.flush();
    this.#unschedule?.();
    const left = this.#waiting;
    this.#waiting = [];
    for (const entry of left) entry.reject(this.#failure ?? new Error('The journal is closed'));
    return left.map(({ log, event }) => ({ session_id: log.sessionId, type: event.type }));
  }

  #enqueue(entry: Waiting): void {
    if (this.#failure !== null) {
      if (entry.onFailure === 'drop' && this.#kept > KEPT_LIMIT) {
        entry.log.unwritten('dropped');
        return entry.reject(this.#failure);
      }
      this.#kept += EVENT_SIZE + (entry.event.type === 'text' ? entry.event.text.length : 0);
    }
    this.#waiting.push(entry);
    const isPatient = entry.mayWait === true;
    if (this.#unschedule === null && isPatient) {
      this.#isLate = true;
      this.#flushLater(WAIT_MS);
    } else if (this.#unschedule === null || (this.#isLate && !isPatient)) this.#flushSoon();
  }

  #write(batch: Waiting[], numbers: number[]): void {
    const last = new Map<string, number>();
    this.#journal.transaction(() => {
      // While the journal fails new messages are refused, so that there may be nothing else to try it with.
      if (this.#failure !== null) this.#journal.probe();
      for (const { log, event, alongside } of batch) {
        const seq = (last.get(log.sessionId) ?? log.lastSeq) + 1;
        last.set(log.sessionId, seq);
        numbers.push(seq);
        this.#journal.insertEvent(log.sessionId, seq, event);
        alongside?.(seq);
      }
    });
  }

  #keepAfterFailure(batch: Waiting[], error: Error): void {
    if (this.#failure === null) this.#onFailure(error);
    this.#failure = error;
    this.#waiting = [...batch.filter((entry) => entry.onFailure !== 'refuse'), ...this.#waiting];
    if (!this.#stopped) this.#flushLater(RETRY_MS);
    for (const entry of batch) {
      if (entry.onFailure !== 'refuse') continue;
      entry.log.unwritten('refused');
      entry.reject(error);
    }
  }

  #flushSoon(): void {
    this.#unschedule?.();
    this.#isLate = false;
    const immediate = setImmediate(() => this.flush());
    this.#unschedule = () => clearImmediate(immediate);
  }

  #flushLater(ms: number): void {
    const timer = setTimeout(() => this.flush(), ms);
    this.#unschedule = () => clearTimeout(timer);
  }
}
