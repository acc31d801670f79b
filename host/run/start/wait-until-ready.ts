import { setTimeout as sleep } from 'node:timers/promises';
import { abortScope } from '../../../domain/abort-scope.ts';

/** How a wait for readiness ends before everything is ready. */
export interface ReadyWait {
  url: string;
  signal: AbortSignal;
  /** Is told the reason once it is new and has lasted for two seconds. */
  onReason: (reason: string) => void;
  /** Throws when waiting is in vain. */
  check: () => void;
}

const POLL_MS = 100;
const TELL_AFTER_MS = 2_000;

/** Resolves when `GET /ready` answers with 200. */
export async function waitUntilReady({ url, signal, onReason, check }: ReadyWait): Promise<void> {
  let reason = '';
  let since = performance.now();
  let told = '';
  for (;;) {
    signal.throwIfAborted();
    check();
    const problem = await whyNotReady(url, signal);
    if (problem === null) return;
    if (problem !== reason) since = performance.now();
    reason = problem;
    if (reason !== told && performance.now() - since >= TELL_AFTER_MS) {
      told = reason;
      onReason(reason);
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Gives the reason why a server is not ready, in words; null when it is. */
export async function whyNotReady(url: string, signal?: AbortSignal): Promise<string | null> {
  const scope = abortScope([signal], 5_000);
  try {
    const response = await fetch(`${url}/ready`, { signal: scope.signal });
    const body = (await response.json()) as { message?: unknown };
    if (response.ok) return null;
    return typeof body.message === 'string' ? body.message : `HTTP status ${response.status}`;
  } catch (error) {
    signal?.throwIfAborted();
    return error instanceof TypeError ? 'it does not listen yet' : 'it does not answer';
  } finally {
    scope.dispose();
  }
}
