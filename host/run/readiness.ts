import { setTimeout as sleep } from 'node:timers/promises';
import { abortScope } from '../../domain/abort-scope.ts';

/** A wait for readiness, and what ends it early. */
export interface ReadyWait {
  url: string;
  signal: AbortSignal;
  /** Receives each new reason that has lasted for two seconds. */
  onReason: (reason: string) => void;
  /** Throws when waiting is pointless. */
  check: () => void;
}

const POLL_MS = 100;
const REPORT_AFTER_MS = 2_000;

/** Resolves when `GET /ready` returns 200. */
export async function waitUntilReady({ url, signal, onReason, check }: ReadyWait): Promise<void> {
  let reason = '';
  let since = performance.now();
  let reported = '';
  for (;;) {
    signal.throwIfAborted();
    check();
    const problem = await whyNotReady(url, signal);
    if (problem === null) return;
    if (problem !== reason) since = performance.now();
    reason = problem;
    if (reason !== reported && performance.now() - since >= REPORT_AFTER_MS) {
      reported = reason;
      onReason(reason);
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Returns why a server is not ready, in words; null when it is. */
export async function whyNotReady(url: string, signal?: AbortSignal): Promise<string | null> {
  const scope = abortScope([signal], 5_000);
  try {
    const response = await fetch(`${url}/ready`, { signal: scope.signal });
    const body = (await response.json()) as { message?: unknown };
    if (response.ok) return null;
    return typeof body.message === 'string' ? body.message : `HTTP status ${response.status}`;
  } catch (error) {
    signal?.throwIfAborted();
    return error instanceof TypeError ? 'it does not listen yet' : 'it does not respond';
  } finally {
    scope.dispose();
  }
}
