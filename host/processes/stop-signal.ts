const LAUNCHER_POLL_MS = 500;

/** How this process is asked to end. `asked` aborts at the first request, `urged` at the second. */
export interface StopSignal {
  asked: AbortSignal;
  urged: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP, and for the end of the process that started this one: a part must not outlive a
 * `start` that was killed, nor a `start` the `npx` that was.
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
  // A Ctrl-C reaches npm too, which ends while this process still stops in order: that is no second request.
  const orphaned = (): void => {
    if (!asked.signal.aborted) stop('the parent process has ended');
  };
  process.on('disconnect', orphaned);
  const stopWatching = isRunByNpm(env) ? watchLauncher(orphaned) : () => undefined;
  return {
    asked: asked.signal,
    urged: urged.signal,
    dispose() {
      for (const signal of signals) process.off(signal, stop);
      process.off('disconnect', orphaned);
      stopWatching();
    },
  };
}

/**
 * Whether npm runs this process (`npx xswarm …`, `npm start`). npm uses a shell for it, and a signal to npm ends that shell
 * without reaching what runs in it.
 */
export function isRunByNpm(env: NodeJS.ProcessEnv): boolean {
  return env.npm_command !== undefined || env.npm_lifecycle_event !== undefined;
}

/** Calls `onGone` once when the process that started this one has ended. Returns the function that stops the watch. */
function watchLauncher(onGone: () => void): () => void {
  const launcher = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === launcher) return;
    clearInterval(timer);
    onGone();
  }, LAUNCHER_POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
