import type { Logger } from '../../domain/logger.ts';
import { listProcesses } from '../processes/process-table.ts';
import type { SessionHost } from '../sessions/session-host.ts';
import { makeTurnWatch } from './turn-watch.ts';
import type { WatchedSession } from './turn-watch.ts';

/** Watches the turns of all sessions from now on, until the returned function is called. */
export function watchTurns(
  allHosts: () => SessionHost[],
  limits: { stallMs: number; turnLimitMs: number },
  logger: Logger,
): () => void {
  function* sessions(): Iterable<WatchedSession> {
    for (const host of allHosts()) if (host.running !== null) yield watchedHost(host);
  }
  const watch = makeTurnWatch({ sessions, listProcesses, logger, ...limits });
  let checking = false;
  const timer = setInterval(() => {
    if (checking) return;
    checking = true;
    watch
      .check()
      .catch((error: unknown) => logger.error({ err: error }, 'the turns could not be watched'))
      .finally(() => (checking = false));
  }, watch.intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

function watchedHost(host: SessionHost): WatchedSession {
  const { session_id, options } = host.row;
  return {
    sessionId: session_id,
    get running() {
      return host.running;
    },
    agent: host.slot.agent,
    signs: host.signs,
    turnLimitSeconds: options.turn_limit_seconds,
    giveUp: (why) => host.giveUp(why),
  };
}
