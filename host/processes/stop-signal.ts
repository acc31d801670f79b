import { isRunByNpm, watchLauncher } from './launcher-guard.ts';

/** How this process is asked to end. `asked` aborts at the first wish, `urged` at the second. */
export interface StopSignal {
  asked: AbortSignal;
  urged: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP, and for the end of a parent that started this process with a channel: a child
 * must not outlive a `start` that was killed, nor a `start` the `npx` that was.
 */
export function listenForStop(env: NodeJS.ProcessEnv): StopSignal {
  const asked = new AbortController();
  const urged = new AbortController();
  const stop = (why: string): void => {
    if (asked.signal.aborted) urged.abort(new Error(why));
    else asked.abort(new Error(why));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  // Only a person urges: a Ctrl-C reaches npm too, which then leaves while this process stops in order.
  const orphaned = (): void => {
    if (!asked.signal.aborted) stop('the parent process is gone');
  };
  process.on('disconnect', orphaned);
  const forgetLauncher = isRunByNpm(env) ? watchLauncher(orphaned) : () => undefined;
  return {
    asked: asked.signal,
    urged: urged.signal,
    dispose() {
      for (const signal of signals) process.off(signal, stop);
      process.off('disconnect', orphaned);
      forgetLauncher();
    },
  };
}
