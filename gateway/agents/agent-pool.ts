import { XswarmError } from '../../domain/errors.ts';

/** Whoever holds a place in the pool. */
export interface PoolMember {
  /** Milliseconds since the epoch when it last worked; null while it works and cannot be let go. */
  idleSince(): number | null;
  /** Lets its agent go, because the place is needed. */
  evict(): void;
}

/** Limits how many agents run, and how many start at once. */
export interface AgentPool {
  /** Takes a place, letting go the agent that was idle longest if it must. False when all of them work. */
  reserve(member: PoolMember): boolean;
  /** Takes a place only if one is free. */
  reserveSpare(member: PoolMember): boolean;
  /** Whether `reserve` would succeed. */
  hasRoom(member: PoolMember): boolean;
  free(member: PoolMember): void;
  /** Runs `work` when fewer than the limit run. */
  starting<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  readonly size: number;
}

export function makeAgentPool(limits: { maxAgents: number; maxParallelStarts: number }): AgentPool {
  const members = new Set<PoolMember>();
  const line: (() => void)[] = [];
  let starts = 0;

  function idlest(): PoolMember | null {
    let best: { member: PoolMember; since: number } | null = null;
    for (const member of members) {
      const since = member.idleSince();
      if (since !== null && (best === null || since < best.since)) best = { member, since };
    }
    return best?.member ?? null;
  }

  /** Resolves when a start may go on, or at once when it is given up. */
  async function waitInLine(signal: AbortSignal): Promise<void> {
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    line.push(wake);
    signal.addEventListener('abort', wake, { once: true });
    await woken;
    signal.removeEventListener('abort', wake);
    if (line.includes(wake)) line.splice(line.indexOf(wake), 1);
  }

  return {
    reserve(member) {
      if (members.has(member)) return true;
      if (members.size >= limits.maxAgents) {
        const victim = idlest();
        if (victim === null) return false;
        members.delete(victim);
        victim.evict();
      }
      members.add(member);
      return true;
    },
    reserveSpare(member) {
      if (members.size >= limits.maxAgents) return false;
      members.add(member);
      return true;
    },
    hasRoom: (member) => members.has(member) || members.size < limits.maxAgents || idlest() !== null,
    free: (member) => void members.delete(member),
    async starting(signal, work) {
      while (starts >= limits.maxParallelStarts) {
        await waitInLine(signal);
        if (signal.aborted) break;
      }
      if (signal.aborted) {
        line.shift()?.();
        throw new XswarmError('UNAVAILABLE', 'The start of the agent was given up');
      }
      starts += 1;
      try {
        return await work();
      } finally {
        starts -= 1;
        line.shift()?.();
      }
    },
    get size() {
      return members.size;
    },
  };
}
