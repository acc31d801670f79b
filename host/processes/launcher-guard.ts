const LOOK_EVERY_MS = 500;

/**
 * Whether npm runs this process (`npx xswarm …`, `npm start`). npm does so through a shell, and a signal to npm ends that
 * shell without reaching what runs in it.
 */
export function isRunByNpm(env: NodeJS.ProcessEnv): boolean {
  return env.npm_command !== undefined || env.npm_lifecycle_event !== undefined;
}

/** Calls `onGone` once, when the process that started this one is not there any more. Gives the function that stops it. */
export function watchLauncher(onGone: () => void, parentOf: () => number = () => process.ppid): () => void {
  const launcher = parentOf();
  const timer = setInterval(() => {
    if (parentOf() === launcher) return;
    clearInterval(timer);
    onGone();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
