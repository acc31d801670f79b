import type { AgentEvent } from '../../domain/session/event.ts';
import type { AgentMessage } from '../../domain/session/turn.ts';
import type { JournalWriter, NumberedLog } from '../journal/journal-writer.ts';
import type { Journal, TurnRow } from '../journal/journal.ts';

/** The answer to a message that was sent. */
export interface Acceptance {
  duplicate: boolean;
  seq: number;
  resultSeq: number | null;
}

/** Events that show how a turn goes. They may be dropped when too much waits; a result never is. */
const PROGRESS = new Set<AgentEvent['type']>(['text', 'tool_started', 'tool_finished', 'permission', 'notice']);

/** One session's numbered events: the only way into its part of the journal. */
export class SessionLog {
  readonly #sessionId: string;
  readonly #journal: Journal;
  readonly #writer: JournalWriter;
  readonly #published: (seq: number, event: AgentEvent) => void;
  readonly #part: NumberedLog;
  readonly #accepting = new Map<string, Promise<Acceptance>>();
  #lastSeq: number;
  #unwritten = 0;
  #dropped = 0;
  #hasLost = false;

  constructor(options: {
    sessionId: string;
    journal: Journal;
    writer: JournalWriter;
    published: (seq: number, event: AgentEvent) => void;
  }) {
    this.#sessionId = options.sessionId;
    this.#journal = options.journal;
    this.#writer = options.writer;
    this.#published = options.published;
    this.#lastSeq = options.journal.lastSeq(options.sessionId);
    this.#part = this.#asPart();
  }

  /** The number of the newest committed event. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Whether everything is committed. */
  get isWritten(): boolean {
    return this.#unwritten === 0;
  }

  /** Whether progress was dropped since the last result, because the journal could not be written. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  /**
   * Resolves with the event's number when it is durable; rejects when progress is dropped or the gateway stops before.
   * `alongside` runs in the same transaction.
   */
  append(event: AgentEvent, alongside?: (seq: number) => void): Promise<number> {
    this.#unwritten += 1;
    return this.#writer.append({
      log: this.#part,
      event,
      alongside,
      onFailure: PROGRESS.has(event.type) ? 'drop' : 'keep',
      // A text has no effect in the world, and most often the result follows at once.
      mayWait: event.type === 'text',
    });
  }

  /**
   * Journals a message and its turn in one commit; a known id changes nothing. `taken` is called before the answer, for a
   * new message only. Rejects when the journal cannot be written.
   */
  async accept(
    message: AgentMessage,
    newTurn: (seq: number) => TurnRow,
    taken: (row: TurnRow) => void,
  ): Promise<Acceptance> {
    const { message_id } = message;
    const twin = this.#accepting.get(message_id);
    if (twin !== undefined) return { ...(await twin), duplicate: true };
    const known = this.#journal.turn(this.#sessionId, message_id);
    if (known !== null) return { duplicate: true, seq: known.accepted_seq, resultSeq: known.result_seq };
    const accepted = this.#acceptNew(message, newTurn, taken);
    this.#accepting.set(message_id, accepted);
    try {
      return await accepted;
    } finally {
      this.#accepting.delete(message_id);
    }
  }

  async #acceptNew(
    message: AgentMessage,
    newTurn: (seq: number) => TurnRow,
    taken: (row: TurnRow) => void,
  ): Promise<Acceptance> {
    let row: TurnRow | null = null;
    this.#unwritten += 1;
    const seq = await this.#writer.append({
      log: this.#part,
      event: { type: 'accepted', timestamp: new Date().toISOString(), ...message },
      alongside: (number) => this.#journal.insertTurn((row = newTurn(number))),
      onFailure: 'refuse',
    });
    taken(row!);
    return { duplicate: false, seq, resultSeq: null };
  }

  #asPart(): NumberedLog {
    const lastSeq = (): number => this.#lastSeq;
    return {
      sessionId: this.#sessionId,
      get lastSeq() {
        return lastSeq();
      },
      numbered: (seq) => {
        this.#unwritten -= 1;
        this.#lastSeq = seq;
      },
      published: (seq, event) => {
        this.#published(seq, event);
        if (event.type === 'result') this.#hasLost = false;
        if (this.#dropped > 0) this.#reportDropped();
      },
      unwritten: (why) => {
        this.#unwritten -= 1;
        if (why === 'refused') return;
        this.#dropped += 1;
        this.#hasLost = true;
      },
    };
  }

  #reportDropped(): void {
    const text = `${this.#dropped} events before this are lost: the journal could not be written`;
    this.#dropped = 0;
    void this.append({ type: 'notice', timestamp: new Date().toISOString(), level: 'warning', text });
  }
}
