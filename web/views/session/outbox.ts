import { useCallback, useEffect, useState } from 'react';
import { api } from '../../api/calls.ts';
import { ApiError } from '../../api/http.ts';

/** A message on its way to the server. Its key never changes, so that it is taken once however often it is sent. */
export interface Outgoing {
  key: string;
  text: string;
  /** Milliseconds since 1970 at which a person pressed Send, or Try again. */
  pressedAt: number;
  state: 'sending' | 'failed';
  problem: string | null;
}

/** For so long a message is tried again by itself; later a person decides. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 1_500;

const nameOf = (sessionId: string): string => `xswarm.outbox.${sessionId}`;

function read(sessionId: string): Outgoing[] {
  try {
    const kept = JSON.parse(localStorage.getItem(nameOf(sessionId)) ?? '[]') as Outgoing[];
    return kept.map((item) =>
      item.state === 'sending' && Date.now() - item.pressedAt > PATIENCE_MS
        ? { ...item, state: 'failed', problem: 'It is not known whether this arrived. Trying again sends it once.' }
        : item,
    );
  } catch {
    return [];
  }
}

function write(sessionId: string, items: readonly Outgoing[]): void {
  if (items.length === 0) localStorage.removeItem(nameOf(sessionId));
  else localStorage.setItem(nameOf(sessionId), JSON.stringify(items));
}

/** Whether the server said that it will never take this message. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}

/** The messages of a session that the server did not confirm yet. They survive a reload. */
export class Outbox {
  readonly #sessionId: string;
  readonly #changed: (items: Outgoing[]) => void;
  #items: Outgoing[];
  #running = false;
  #closed = false;

  constructor(sessionId: string, changed: (items: Outgoing[]) => void) {
    this.#sessionId = sessionId;
    this.#changed = changed;
    this.#items = read(sessionId);
    changed(this.#items);
    void this.#run();
  }

  send(text: string): void {
    this.#set([
      ...this.#items,
      { key: crypto.randomUUID(), text, pressedAt: Date.now(), state: 'sending', problem: null },
    ]);
    void this.#run();
  }

  retry(key: string): void {
    this.#set(
      this.#items.map((item) =>
        item.key === key ? { ...item, state: 'sending', problem: null, pressedAt: Date.now() } : item,
      ),
    );
    void this.#run();
  }

  drop(key: string): void {
    this.#set(this.#items.filter((item) => item.key !== key));
  }

  close(): void {
    this.#closed = true;
  }

  #set(items: Outgoing[]): void {
    this.#items = items;
    write(this.#sessionId, items);
    if (!this.#closed) this.#changed(items);
  }

  /** Sends one after the other, in the order in which they were pressed. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const next = this.#items.find(({ state }) => state === 'sending');
      if (next === undefined || this.#closed) break;
      try {
        await api.send(this.#sessionId, next.key, next.text);
        this.drop(next.key);
      } catch (error) {
        if (isFinal(error) || Date.now() - next.pressedAt > PATIENCE_MS) {
          const problem = (error as Error).message;
          this.#set(this.#items.map((item) => (item.key === next.key ? { ...item, state: 'failed', problem } : item)));
          continue;
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
    this.#running = false;
  }
}

/** The outbox of the session that is shown. */
export function useOutbox(sessionId: string): {
  items: Outgoing[];
  outbox: Outbox | null;
  send: (text: string) => void;
} {
  const [items, setItems] = useState<Outgoing[]>([]);
  const [outbox, setOutbox] = useState<Outbox | null>(null);
  useEffect(() => {
    const made = new Outbox(sessionId, setItems);
    setOutbox(made);
    return () => made.close();
  }, [sessionId]);
  const send = useCallback((text: string) => outbox?.send(text), [outbox]);
  return { items, outbox, send };
}
