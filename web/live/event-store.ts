import type { SessionEvent } from '../../domain/session/event.ts';
import { hasEnded, isActive } from '../../domain/session/session.ts';
import { api } from '../api/calls.ts';
import type { Session } from '../api/calls.ts';
import { ApiError } from '../api/http.ts';
import { LiveShare } from './live-share.ts';
import type { Frame, LineState } from './live-stream.ts';
import { appendEvents, applyLive, emptyTranscript, firstSeq, lastSeq, prependEvents } from './transcript.ts';
import type { Delta, LiveItem, Transcript } from './transcript.ts';

/** What the stream said about a session since it was listed. */
export type Patch = Partial<
  Pick<Session, 'status' | 'is_active' | 'cost_usd' | 'message_count' | 'last_activity' | 'ended_at' | 'reason'>
>;

/** A session's transcript as this page has it. */
export interface Loaded {
  transcript: Transcript;
  state: 'loading' | 'ready' | 'failed';
  error: Error | null;
  /** Whether older events are being read. */
  older: boolean;
}

const PAGE = 100;
const KEPT = 5;
const RETRY_MS = 1_000;

/** Everything that the event stream brings, for the hooks to read. Listeners hear of a change once a frame at most. */
export class EventStore {
  readonly #share: LiveShare;
  readonly #listeners = new Set<() => void>();
  readonly #onStale: () => void;
  readonly #loaded = new Map<string, Loaded>();
  readonly #shown = new Map<string, number>();
  #patches: Readonly<Record<string, Patch>> = {};
  #line: LineState = { state: 'connecting', since: Date.now() };
  #waiting: LiveItem[] = [];
  #scheduled = false;

  /** `onStale` is called when lists must be read anew: summaries were missed, or a session is new. */
  constructor(onStale: () => void) {
    this.#onStale = onStale;
    this.#share = new LiveShare({
      onFrame: (frame) => this.#take(frame),
      onLine: (line) => {
        this.#line = line;
        this.#notify();
      },
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly line = (): LineState => this.#line;
  readonly patches = (): Readonly<Record<string, Patch>> => this.#patches;
  readonly loaded = (sessionId: string): Loaded | undefined => this.#loaded.get(sessionId);

  /** Loads the end of a session and follows it until the returned function is called. */
  show(sessionId: string): () => void {
    this.#shown.set(sessionId, (this.#shown.get(sessionId) ?? 0) + 1);
    const known = this.#loaded.get(sessionId);
    this.#loaded.delete(sessionId);
    this.#set(
      sessionId,
      known ?? { transcript: emptyTranscript(sessionId), state: 'loading', error: null, older: false },
    );
    void this.#load(sessionId);
    this.#forgetOldest();
    return () => {
      const count = (this.#shown.get(sessionId) ?? 1) - 1;
      if (count > 0) this.#shown.set(sessionId, count);
      else this.#shown.delete(sessionId);
      this.#watch();
    };
  }

  /** Reads the page before what is loaded. */
  async loadOlder(sessionId: string): Promise<void> {
    const loaded = this.#loaded.get(sessionId);
    const first = loaded === undefined ? 0 : firstSeq(loaded.transcript);
    if (loaded === undefined || loaded.older || first <= 1) return;
    this.#set(sessionId, { ...loaded, older: true });
    const events = await api.eventsBefore(sessionId, first, PAGE).then(
      (page) => page.events,
      () => [],
    );
    const now = this.#loaded.get(sessionId);
    if (now === undefined) return;
    this.#set(sessionId, { ...now, transcript: prependEvents(now.transcript, events), older: false });
  }

  async #load(sessionId: string): Promise<void> {
    try {
      const before = this.#loaded.get(sessionId);
      if (before === undefined) return;
      if (before.state === 'ready') {
        await this.#fillHole(sessionId);
      } else {
        const { events } = await api.eventsBefore(sessionId, Number.MAX_SAFE_INTEGER, PAGE);
        const now = this.#loaded.get(sessionId);
        if (now === undefined) return;
        const transcript = prependEvents(emptyTranscript(sessionId), events);
        this.#set(sessionId, { transcript, state: 'ready', error: null, older: false });
      }
      this.#watch();
    } catch (error) {
      const now = this.#loaded.get(sessionId);
      if (now === undefined) return;
      this.#set(sessionId, { ...now, state: 'failed', error: error as Error });
      const isRefused = error instanceof ApiError && error.status >= 400 && error.status < 500;
      if (!isRefused) setTimeout(() => this.#loadAgain(sessionId), RETRY_MS);
    }
  }

  /** A connection that was cut: the session is read again for as long as it is shown. */
  #loadAgain(sessionId: string): void {
    if (this.#shown.has(sessionId) && this.#loaded.get(sessionId)?.state === 'failed') void this.#load(sessionId);
  }

  /** Reads what came behind the last loaded event until nothing is left. */
  async #fillHole(sessionId: string): Promise<void> {
    for (;;) {
      const loaded = this.#loaded.get(sessionId);
      if (loaded === undefined) return;
      const { events } = await api.eventsAfter(sessionId, lastSeq(loaded.transcript), PAGE);
      const now = this.#loaded.get(sessionId);
      if (now === undefined) return;
      this.#set(sessionId, { ...now, transcript: appendEvents(now.transcript, events).transcript });
      if (events.length < PAGE) return;
    }
  }

  #watch(): void {
    const sessions = new Map<string, number>();
    for (const id of this.#shown.keys()) {
      const loaded = this.#loaded.get(id);
      if (loaded?.state === 'ready') sessions.set(id, lastSeq(loaded.transcript));
    }
    this.#share.watch(sessions);
  }

  #forgetOldest(): void {
    for (const id of this.#loaded.keys()) {
      if (this.#loaded.size <= KEPT) return;
      if (!this.#shown.has(id)) this.#loaded.delete(id);
    }
  }

  #take({ event, data }: Frame): void {
    if (event === 'gap' || event === 'resumed') {
      if (event === 'gap') this.#onGap(data as { session_id?: string });
      return;
    }
    if (event === 'error') return;
    if (event === 'text_delta') this.#waiting.push({ delta: data as Delta });
    else this.#waiting.push({ event: data as SessionEvent });
    // A session that nobody listed yet.
    if (event === 'status' && (data as { status?: string }).status === 'connecting') this.#onStale();
    // The stream says what changed; what waits now is asked for.
    if (event === 'interaction') this.#onStale();
    this.#notify();
  }

  #onGap({ session_id: sessionId }: { session_id?: string }): void {
    if (sessionId === undefined) {
      this.#patches = {};
      this.#onStale();
      return;
    }
    // The session's stream was rebuilt: what is loaded has other numbers.
    if (!this.#loaded.has(sessionId)) return;
    this.#set(sessionId, { transcript: emptyTranscript(sessionId), state: 'loading', error: null, older: false });
    void this.#load(sessionId);
  }

  #set(sessionId: string, loaded: Loaded): void {
    this.#loaded.set(sessionId, loaded);
    this.#notify();
  }

  /** A hidden page gets no frames of animation. */
  #notify(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const commit = (): void => {
      this.#scheduled = false;
      this.#apply();
      for (const listener of this.#listeners) listener();
    };
    if (document.hidden) setTimeout(commit, 250);
    else requestAnimationFrame(commit);
  }

  #apply(): void {
    const items = this.#waiting;
    this.#waiting = [];
    const events = items.flatMap((item) => ('event' in item ? [item.event] : []));
    if (events.length > 0) this.#patches = patched(this.#patches, events);
    for (const [id, loaded] of this.#loaded) {
      if (loaded.state !== 'ready') continue;
      const own = items.filter((item) => isOf(id, item));
      if (own.length === 0) continue;
      const { transcript, hole } = applyLive(loaded.transcript, own);
      this.#loaded.set(id, { ...loaded, transcript });
      if (hole) void this.#fillHole(id).catch(() => undefined);
    }
  }
}

/** Whether an item belongs to a session's transcript; a summary lacks its text and is for the lists alone. */
function isOf(sessionId: string, item: LiveItem): boolean {
  if ('delta' in item) return item.delta.session_id === sessionId;
  return item.event.session_id === sessionId && !('summary' in item.event);
}

function patched(patches: Readonly<Record<string, Patch>>, events: readonly SessionEvent[]): Record<string, Patch> {
  const next = { ...patches };
  for (const event of events) {
    const patch: Patch = { ...next[event.session_id], last_activity: event.timestamp };
    if (event.type === 'status') Object.assign(patch, statusPatch(event.status));
    if (event.type === 'cost') Object.assign(patch, { cost_usd: event.cost_usd, message_count: event.message_count });
    if (event.type === 'closed') {
      Object.assign(patch, statusPatch(event.status), { ended_at: event.timestamp, reason: event.reason });
    }
    next[event.session_id] = patch;
  }
  return next;
}

function statusPatch(status: Session['status']): Patch {
  return { status, is_active: isActive(status), ...(!hasEnded(status) && { ended_at: null, reason: null }) };
}
