/** A signal of one's own that also follows others. */
export interface AbortScope {
  signal: AbortSignal;
  /** Whether it aborted because the time was up. */
  timedOut(): boolean;
  abort(reason?: unknown): void;
  /** Lets go of the others and of the clock; call it in `finally`. */
  dispose(): void;
}

/**
 * Makes a signal that aborts with any of `parents` or after `timeoutMs`. Unlike the signal of `AbortSignal.any`, which Node 20
 * may collect as garbage while a request still waits on it, it lives until `dispose`.
 */
export function abortScope(parents: readonly (AbortSignal | undefined)[], timeoutMs?: number): AbortScope {
  const controller = new AbortController();
  let timedOut = false;
  const releases: (() => void)[] = [];
  for (const parent of parents) {
    if (parent === undefined) continue;
    const follow = (): void => controller.abort(parent.reason);
    if (parent.aborted) follow();
    parent.addEventListener('abort', follow, { once: true });
    releases.push(() => parent.removeEventListener('abort', follow));
  }
  if (timeoutMs !== undefined) {
    const clock = setTimeout(() => {
      timedOut = !controller.signal.aborted;
      controller.abort(new DOMException(`Nothing came within ${timeoutMs / 1000} s`, 'TimeoutError'));
    }, timeoutMs);
    releases.push(() => clearTimeout(clock));
  }
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    abort: (reason) => controller.abort(reason),
    dispose: () => releases.splice(0).forEach((release) => release()),
  };
}
