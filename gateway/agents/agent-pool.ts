import { XswarmError } from '../../domain/errors.ts';

/** Whoever holds a place in the pool. */
export interface PoolMember {
  /** Milliseconds since the epoch when its agent last worked; null while it works and cannot be ended. */
  idleSince(): number | null;
  /** Ends its agent, because the place is needed. */
  evict(): void;
}

/** Limits how many agents run, and how many start at once. */
export class AgentPool {
  readonly #maxAgents: number;
  readonly #maxParallelStarts: number;
  readonly #members = new Set<PoolMember>();
  readonly #queue: (() => void)[] = [];
  #starts = 0;

  constructor(limits: { maxAgents: number; maxParallelStarts: number }) {
    this.#maxAgents = limits.maxAgents;
    this.#maxParallelStarts = limits.maxParallelStarts;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Takes a place, if necessary that of the agent that was idle longest. False when all agents work. */
  reserve(member: PoolMember): boolean {
    if (this.#members.has(member)) return true;
    if (this.#members.size >= this.#maxAgents) {
      const victim = this.#idlest();
      if (victim === null) return false;
      this.#members.delete(victim);
      victim.evict();
    }
    this.#members.add(member);
    return true;
  }

  /** Takes a place only if one is free. */
  reserveSpare(member: PoolMember): boolean {
    if (this.#members.size >= this.#maxAgents) return false;
    this.#members.add(member);
    return true;
  }

  /** Whether `reserve` would succeed. */
  hasRoom(member: PoolMember): boolean {
    return this.#members.has(member) || this.#members.size < this.#maxAgents || this.#idlest() !== null;
  }

  free(member: PoolMember): void {
    this.#members.delete(member);
  }

  /** Runs `work` as soon as fewer starts than the limit run. Throws `UNAVAILABLE` when `signal` is aborted before. */
  async starting<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    while (this.#starts >= this.#maxParallelStarts) {
      await this.#waitInQueue(signal);
      if (signal.aborted) break;
    }
    if (signal.aborted) {
      this.#queue.shift()?.();
      throw new XswarmError('UNAVAILABLE', 'The start of the agent was given up');
    }
    this.#starts += 1;
    try {
      return await work();
    } finally {
      this.#starts -= 1;
      this.#queue.shift()?.();
    }
  }

  #idlest(): PoolMember | null {
    let best: { member: PoolMember; since: number } | null = null;
    for (const member of this.#members) {
      const since = member.idleSince();
      if (since !== null && (best === null || since < best.since)) best = { member, since };
    }
    return best?.member ?? null;
  }

  /** Resolves when a start may go on, or at once when it is given up. */
  async #waitInQueue(signal: AbortSignal): Promise<void> {
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    this.#queue.push(wake);
    signal.addEventListener('abort', wake, { once: true });
    await woken;
    signal.removeEventListener('abort', wake);
    if (this.#queue.includes(wake)) this.#queue.splice(this.#queue.indexOf(wake), 1);
  }
}
