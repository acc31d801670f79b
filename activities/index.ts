import type { Mirror } from '../domain/mirror/mirror-write.ts';
import type { Lease, SessionActivities } from '../workflows/session-activities.ts';
import { makeConnect } from './connect.ts';
import type { Connections } from './line/connections.ts';
import { withFailures } from './failure.ts';
import { makeExchange } from './exchange.ts';
import { makeReceive } from './receive.ts';
import { makeRelease } from './release.ts';
import { makeSend } from './send.ts';

/** All activities of a session, over one set of connections and one mirror. */
export function makeActivities(deps: { connections: Connections; mirror: Mirror }): SessionActivities {
  const [connect, exchange, send] = [makeConnect(deps), makeExchange(deps), makeSend(deps)];
  const [receive, release] = [makeReceive(deps), makeRelease(deps)];
  return {
    connect: (input) => connect(inputOf(input)),
    exchange: (input) => exchange(inputOf(input)),
    send: (input) => send(inputOf(input)),
    receive: (input) => receive(inputOf(input)),
    async decide({ lease, end }) {
      return await withFailures(async () => {
        await deps.mirror.write([{ type: 'interaction', session_id: lease.session_id, end }]);
        const line = await deps.connections.attach(lease, { start: false });
        return await line.decide(end.interaction_id, end.answer ?? { decision: 'expired' });
      });
    },
    release: (input) => release(inputOf(input)),
    async mirror(writes) {
      await withFailures(() => deps.mirror.write(writes));
    },
  };
}

/** Reads an input that release 0.1.0 scheduled, and a worker of today carries out: there a lease was called an attachment. */
function inputOf<I extends { lease: Lease }>(input: I | (Omit<I, 'lease'> & { attachment: Lease })): I {
  if (!('attachment' in input)) return input;
  const { attachment, ...rest } = input;
  return { ...rest, lease: attachment } as unknown as I;
}
