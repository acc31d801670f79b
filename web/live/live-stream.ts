import { EventSourceParserStream } from 'eventsource-parser/stream';
import { API, ApiError, openStream } from '../api/http.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';

/** One frame of the stream, its data still as it came. */
export interface Frame {
  event: string;
  id: string | null;
  data: unknown;
}

/** How the stream is. `since`: milliseconds since 1970; `login`: the server does not know this browser. */
export interface LineState {
  state: 'connecting' | 'live' | 'offline' | 'login';
  since: number;
}

const CONNECT_MS = 10_000;
/** The server sends a comment every 15 s. */
const SILENCE_MS = 37_500;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** The one event stream of this browser. It reconnects by itself from its cursor; a line that is silent too long is dead. */
export class LiveStream {
  readonly #onFrame: (frame: Frame) => void;
  readonly #onState: (state: LineState) => void;
  #watch: ReadonlyMap<string, number> = new Map();
  #cursor: Cursor | null;
  #connection: AbortController | null = null;
  #state: LineState = { state: 'connecting', since: Date.now() };
  #heardAt = 0;
  #wake: (() => void) | null = null;
  #closed = false;

  constructor(options: {
    cursor: Cursor | null;
    onFrame: (frame: Frame) => void;
    onState: (state: LineState) => void;
  }) {
    this.#cursor = options.cursor;
    this.#onFrame = options.onFrame;
    this.#onState = options.onState;
    document.addEventListener('visibilitychange', this.#distrust);
    addEventListener('online', this.#retryNow);
    void this.#run();
  }

  /** Sets the sessions whose every event is wanted, with the last number that is known of each. */
  watch(sessions: ReadonlyMap<string, number>): void {
    const same = sessions.size === this.#watch.size && [...sessions.keys()].every((id) => this.#watch.has(id));
    this.#watch = sessions;
    if (!same) this.#reconnect();
  }

  close(): void {
    this.#closed = true;
    document.removeEventListener('visibilitychange', this.#distrust);
    removeEventListener('online', this.#retryNow);
    this.#reconnect();
  }

  /** A phone cuts sockets without a word while the page is hidden: what was silent for a while is opened anew. */
  readonly #distrust = (): void => {
    if (document.hidden) return;
    if (this.#state.state === 'live' && performance.now() - this.#heardAt < 16_000) return;
    this.#reconnect();
  };

  readonly #retryNow = (): void => {
    if (this.#state.state !== 'live') this.#reconnect();
  };

  #reconnect(): void {
    this.#connection?.abort();
    this.#wake?.();
  }

  #setState(state: LineState['state']): void {
    if (this.#state.state === state) return;
    this.#state = { state, since: Date.now() };
    this.#onState(this.#state);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#closed) {
      const openedAt = performance.now();
      const why = await this.#connectOnce();
      if (this.#closed) return;
      if (why === 'login') {
        this.#setState('login');
        return;
      }
      if (why === 'wanted') {
        failures = 0;
        continue;
      }
      if (performance.now() - openedAt > 20_000) failures = 0;
      this.#setState('offline');
      failures += 1;
      // The first retry is at once. Half of a pause is random, so that many browsers do not come back at the same instant.
      if (failures > 1) await this.#pause(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 2), LONGEST_PAUSE_MS));
    }
  }

  async #pause(fullMs: number): Promise<void> {
    const ms = fullMs / 2 + (Math.random() * fullMs) / 2;
    await new Promise<void>((resolve) => {
      // Nothing is tried while nobody looks; coming back wakes this.
      const timer = document.hidden ? null : setTimeout(resolve, ms);
      this.#wake = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  /** Reads one connection until it ends: because another was wanted, because it was lost, or because a login is needed. */
  async #connectOnce(): Promise<'wanted' | 'lost' | 'login'> {
    const connection = new AbortController();
    this.#connection = connection;
    let silent = false;
    const cut = (): void => {
      silent = true;
      connection.abort();
    };
    let watchdog = setTimeout(cut, CONNECT_MS);
    try {
      const ids = [...this.#watch.keys()];
      const path = `${API}/events${ids.length === 0 ? '' : `?watch=${ids.map(encodeURIComponent).join(',')}`}`;
      const response = await openStream(path, this.#resumeFrom(), connection.signal);
      if (response.body === null) return 'lost';
      const heard = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          this.#heardAt = performance.now();
          clearTimeout(watchdog);
          watchdog = setTimeout(cut, SILENCE_MS);
          controller.enqueue(chunk);
        },
      });
      const frames = response.body
        .pipeThrough(heard)
        .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
        .pipeThrough(new EventSourceParserStream())
        .getReader();
      for (;;) {
        const { done, value } = await frames.read();
        if (done) return 'lost';
        this.#setState('live');
        const frame = {
          event: value.event ?? 'message',
          id: value.id ?? null,
          data: JSON.parse(value.data) as unknown,
        };
        this.#onFrame(frame);
        // Only now: what was not handled is read again.
        if (frame.id !== null) this.#cursor = decodeCursor(frame.id) ?? this.#cursor;
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return 'login';
      return connection.signal.aborted && !silent ? 'wanted' : 'lost';
    } finally {
      clearTimeout(watchdog);
      connection.abort();
    }
  }

  #resumeFrom(): Record<string, string> {
    const known = this.#cursor?.watch ?? {};
    const watch = Object.fromEntries([...this.#watch].map(([id, seq]) => [id, Math.max(seq, known[id] ?? 0)]));
    const { epoch = '', summary = 0 } = this.#cursor ?? {};
    return { 'last-event-id': encodeCursor({ epoch, summary, watch }) };
  }
}
