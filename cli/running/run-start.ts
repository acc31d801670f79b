import { loadConfig } from '../../host/config/load.ts';
import { start } from '../../host/run/start.ts';
import { listenForStop } from '../../host/processes/stop-signal.ts';
import type { CliContext } from '../context.ts';
import { makeReporter } from './start-reporter.ts';

/** Runs everything on one machine for `start` and its likes. */
export async function runStart(
  context: CliContext,
  options: { json: boolean; debug: boolean; talkFirst: boolean },
): Promise<void> {
  const { config, file } = loadConfig(context);
  const stop = listenForStop(context.env);
  try {
    await start({
      ...context,
      config,
      configFile: file,
      debug: options.debug,
      talkFirst: options.talkFirst,
      reporter: makeReporter(context, options.json),
      stop,
    });
  } finally {
    stop.dispose();
  }
}
