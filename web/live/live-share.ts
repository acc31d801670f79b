import type { Cursor } from './cursor.ts';
import { decodeCursor } from './cursor.ts';
import { LiveStream } from './live-stream.ts';
import type { Frame, LineState } from './live-stream.ts';

/** What the tabs of one browser tell each other. */
type Note =
  | { type: 'frame'; frame: Frame }
  | { type: 'line'; line: LineState }
  | { type: 'who' }
  | { type: 'watch'; tab: string; sessions: [string, number][] }
  | { type: 'leave'; tab: string };

/** A tab that ended without a word stops to count after this. */
const TAB_MS = 60_000;
const ANNOUNCE_MS = 20_000;

/**
 * One event stream for all tabs of a browser. The tab that holds the lock reads it and passes every frame on; when that tab
 * is gone the next one takes over from its own cursor. Without locks or channels each visible tab has a stream of its own.
 */
export class LiveShare {
  readonly #onFrame: (frame: Frame) => void;
  readonly #onLine: (line: LineState) => void;
  readonly #tab = crypto.randomUUID();
  readonly #stop = new AbortController();
  readonly #channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('xswarm-live') : null;
  readonly #others = new Map<string, { sessions: [string, number][]; heardAt: number }>();
  #own: ReadonlyMap<string, number> = new Map();
  #stream: LiveStream | null = null;
  #cursor: Cursor | null = null;
  #line: LineState | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(options: { onFrame: (frame: Frame) => void; onLine: (line: LineState) => void }) {
    this.#onFrame = options.onFrame;
    this.#onLine = options.onLine;
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<Note>) => this.#hear(data));
    addEventListener('pagehide', this.#leave);
    if (this.#channel === null || !('locks' in navigator)) {
      this.#lead();
      return;
    }
    this.#say({ type: 'who' });
    const held = new Promise<void>((resolve) => this.#stop.signal.addEventListener('abort', () => resolve()));
    const options_ = { signal: this.#stop.signal };
    void navigator.locks
      .request('xswarm-live', options_, async () => {
        this.#lead();
        await held;
      })
      .catch(() => undefined);
    this.#timer = setInterval(() => this.#announce(), ANNOUNCE_MS);
  }

  /** Sets the sessions that this tab shows, with the last number that it knows of each. */
  watch(sessions: ReadonlyMap<string, number>): void {
    this.#own = sessions;
    if (this.#stream === null) this.#announce();
    else this.#merge();
  }

  close(): void {
    this.#leave();
    this.#stop.abort();
    this.#stream?.close();
    this.#channel?.close();
    removeEventListener('pagehide', this.#leave);
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #lead(): void {
    this.#stream = new LiveStream({
      cursor: this.#cursor,
      onFrame: (frame) => {
        this.#say({ type: 'frame', frame });
        this.#take(frame);
      },
      onState: (line) => {
        this.#line = line;
        this.#say({ type: 'line', line });
        this.#onLine(line);
      },
    });
    this.#merge();
    this.#say({ type: 'who' });
  }

  #hear(note: Note): void {
    switch (note.type) {
      case 'frame':
        this.#take(note.frame);
        return;
      case 'line':
        this.#onLine(note.line);
        return;
      case 'who':
        this.#announce();
        return;
      case 'watch':
        this.#others.set(note.tab, { sessions: note.sessions, heardAt: Date.now() });
        if (this.#stream !== null) {
          this.#merge();
          if (this.#line !== null) this.#say({ type: 'line', line: this.#line });
        }
        return;
      case 'leave':
        this.#others.delete(note.tab);
        if (this.#stream !== null) this.#merge();
    }
  }

  #take(frame: Frame): void {
    this.#onFrame(frame);
    if (frame.id !== null) this.#cursor = decodeCursor(frame.id) ?? this.#cursor;
  }

  /** Watches what any tab shows, each from the lowest number that a tab knows. */
  #merge(): void {
    const all = new Map(this.#own);
    for (const [tab, { sessions, heardAt }] of this.#others) {
      if (Date.now() - heardAt > TAB_MS) {
        this.#others.delete(tab);
        continue;
      }
      for (const [id, seq] of sessions) all.set(id, Math.min(seq, all.get(id) ?? seq));
    }
    this.#stream?.watch(all);
  }

  #announce(): void {
    if (this.#stream !== null) return this.#merge();
    this.#say({ type: 'watch', tab: this.#tab, sessions: [...this.#own] });
  }

  #say(note: Note): void {
    this.#channel?.postMessage(note);
  }

  readonly #leave = (): void => {
    this.#say({ type: 'leave', tab: this.#tab });
  };
}
