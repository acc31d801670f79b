import { errors } from '../domain/errors.ts';

/** The calls and streams that are under way, so that a stop can end their waiting. */
export interface OpenCalls {
  /** A signal that aborts when the peer is gone (`onGone` says how to hear of it) or when everything stops; with `isKnown` also when the caller's token or login has ended. */
  open(onGone: (gone: () => void) => void, isKnown?: () => boolean): AbortSignal;
  /** Aborts all with this reason, and every later one at once. */
  abortAll(reason: Error): void;
  size(): number;
}

const GONE = new DOMException('The caller is gone', 'AbortError');

/** Keeps one controller a call; `AbortSignal.any` over a signal that lives as long as the process would pile up. */
export function makeOpenCalls(recheckMs: number): OpenCalls {
  const controllers = new Set<AbortController>();
  let stopped: Error | null = null;
  return {
    open(onGone, isKnown) {
      const controller = new AbortController();
      if (stopped !== null) controller.abort(stopped);
      controllers.add(controller);
      const check = (): void => {
        if (isKnown?.() === false) controller.abort(errors.unauthenticated());
      };
      const recheck = isKnown === undefined ? undefined : setInterval(check, recheckMs);
      onGone(() => {
        clearInterval(recheck);
        controllers.delete(controller);
        controller.abort(GONE);
      });
      return controller.signal;
    },
    abortAll(reason) {
      stopped = reason;
      for (const controller of controllers) controller.abort(reason);
    },
    size: () => controllers.size,
  };
}
