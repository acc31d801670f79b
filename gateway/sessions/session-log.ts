import type { AgentEvent } from '../../domain/event.ts';
import type { AgentMessage } from '../../domain/turn.ts';
import type { Journal, TurnRow } from '../journal/journal.ts';
import type { JournalEntry, JournalWriter } from '../journal/journal-writer.ts';

/** The answer to a message that was handed in. */
export interface Acceptance {
  duplicate: boolean;
  seq: number;
  resultSeq: number | null;
}

type Extras = Partial<Pick<JournalEntry, 'alongside' | 'committed' | 'failed'>>;

/** What tells how a turn goes; what became of it is never given up. */
const PROGRESS = new Set<AgentEvent['type']>(['text', 'tool_started', 'tool_finished', 'permission', 'notice']);

/** One session's numbered events: the only way into its part of the journal. */
export interface SessionLog {
  /** The number of the newest committed event. */
  readonly lastSeq: number;
  /** Whether anything waits to be committed. */
  readonly isSettled: boolean;
  /** Whether progress was given up since the last result, because the journal could not be written. */
  readonly hasLost: boolean;
  append(event: AgentEvent, extras?: Extras): void;
  /**
   * Journals a message and its turn in one commit; a known id changes nothing.
   * `taken` is called before the answer, for a new message only. Rejects when the journal cannot be written.
   */
  accept(message: AgentMessage, newTurn: (seq: number) => TurnRow, taken: (row: TurnRow) => void): Promise<Acceptance>;
}

export function makeSessionLog(options: {
  sessionId: string;
  firstSeq: number;
  journal: Journal;
  writer: JournalWriter;
  published: (seq: number, event: AgentEvent) => void;
}): SessionLog {
  const { sessionId, journal, writer } = options;
  const accepting = new Map<string, Promise<Acceptance>>();
  let lastSeq = options.firstSeq;
  let unwritten = 0;
  let lost = 0;
  let hasLost = false;

  function append(event: AgentEvent, { alongside, committed, failed }: Extras = {}): void {
    unwritten += 1;
    writer.append({
      sessionId,
      event,
      ...(alongside === undefined ? {} : { alongside }),
      numbered: (seq) => {
        unwritten -= 1;
        lastSeq = seq;
      },
      committed: (seq) => {
        committed?.(seq);
        options.published(seq, event);
        if (event.type === 'result') hasLost = false;
        if (lost > 0) tellLost();
      },
      // A text changes nothing in the world, and mostly the result is right behind it.
      mayWait: event.type === 'text',
      ...(PROGRESS.has(event.type) ? { lost: lose } : {}),
      ...(failed === undefined
        ? {}
        : {
            failed: (error: unknown) => {
              unwritten -= 1;
              failed(error);
            },
          }),
    });
  }

  function lose(): void {
    unwritten -= 1;
    lost += 1;
    hasLost = true;
  }

  function tellLost(): void {
    const text = `${lost} events before this are lost: the journal could not be written`;
    lost = 0;
    append({ type: 'notice', timestamp: new Date().toISOString(), level: 'warning', text });
  }

  return {
    get hasLost() {
      return hasLost;
    },
    get lastSeq() {
      return lastSeq;
    },
    get isSettled() {
      return unwritten === 0;
    },
    append,
    async accept(message, newTurn, taken) {
      const twin = accepting.get(message.message_id);
      if (twin !== undefined) return { ...(await twin), duplicate: true };
      const known = journal.turn(sessionId, message.message_id);
      if (known !== null) return { duplicate: true, seq: known.accepted_seq, resultSeq: known.result_seq };

      const accepted = new Promise<Acceptance>((resolve, reject) => {
        let row: TurnRow;
        append(
          { type: 'accepted', timestamp: new Date().toISOString(), ...message },
          {
            alongside: (seq) => journal.insertTurn((row = newTurn(seq))),
            committed: (seq) => {
              accepting.delete(message.message_id);
              taken(row);
              resolve({ duplicate: false, seq, resultSeq: null });
            },
            failed: (error) => {
              accepting.delete(message.message_id);
              reject(error instanceof Error ? error : new Error(String(error)));
            },
          },
        );
      });
      accepting.set(message.message_id, accepted);
      return accepted;
    },
  };
}
