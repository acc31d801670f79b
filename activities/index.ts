import type { Mirror } from '../domain/mirror/mirror-write.ts';
import type { SessionActivities } from '../workflows/session-activities.ts';
import { makeConnect } from './connect.ts';
import type { Connections } from './line/connections.ts';
import { withFailures } from './failure.ts';
import { makeExchange } from './exchange.ts';
import { makeReceive } from './receive.ts';
import { makeRelease } from './release.ts';
import { makeSend } from './send.ts';

/** All activities of a session, over one set of connections and one mirror. */
export function makeActivities(deps: { connections: Connections; mirror: Mirror }): SessionActivities {
  return {
    connect: makeConnect(deps),
    exchange: makeExchange(deps),
    send: makeSend(deps),
    receive: makeReceive(deps),
    release: makeRelease(deps),
    async mirror(writes) {
      await withFailures(() => deps.mirror.write(writes));
    },
  };
}
