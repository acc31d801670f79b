import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { MirrorWrite } from '../domain/mirror/mirror-write.ts';
import { failureType } from './failures.ts';
import type { SessionActivities } from './session-activities.ts';

/** An activity whose worker is silent for so long is started again: what a session waits after the death of a worker. */
const WORKER_GONE = '3s';

/** Connecting while somebody waits for a new session: about 20 s of tries, then the session is in `error`. */
export const firstConnect = proxyActivities<Pick<SessionActivities, 'connect'>>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '20s',
  heartbeatTimeout: WORKER_GONE,
  cancellationType: 'TRY_CANCEL',
  retry: {
    initialInterval: '200ms',
    backoffCoefficient: 1.6,
    maximumInterval: '2s',
    nonRetryableErrorTypes: ['PROJECT_PATH', 'LEASE_LOST', 'CONVERSATION_GONE'],
  },
});

/** Connecting again, with a message in hand: five minutes of tries, then the session is in `error`. */
export const reconnect = proxyActivities<Pick<SessionActivities, 'connect'>>({
  startToCloseTimeout: '60s',
  scheduleToCloseTimeout: '5m',
  heartbeatTimeout: WORKER_GONE,
  cancellationType: 'TRY_CANCEL',
  retry: {
    initialInterval: '200ms',
    backoffCoefficient: 1.6,
    maximumInterval: '2s',
    nonRetryableErrorTypes: ['PROJECT_PATH', 'LEASE_LOST', 'CONVERSATION_GONE'],
  },
});

/** Short, for a message to an agent that is listened to already. The workflow sends again by itself when it fails. */
export const { send } = proxyActivities<Pick<SessionActivities, 'send'>>({
  startToCloseTimeout: '5s',
  retry: { maximumAttempts: 1 },
});

/** Short, for a decision; it waits for nobody, and the workflow delivers it again by itself over a new connection. */
export const { decide } = proxyActivities<Pick<SessionActivities, 'decide'>>({
  startToCloseTimeout: '30s',
  retry: {
    initialInterval: '100ms',
    backoffCoefficient: 1.5,
    maximumInterval: '2s',
    nonRetryableErrorTypes: ['NOT_SENT', 'AGENT_UNREACHABLE', 'LEASE_LOST'],
  },
});

/** Long, with heartbeats; an attempt that loses its socket is tried again at once on any worker. */
export const { exchange, receive } = proxyActivities<Pick<SessionActivities, 'exchange' | 'receive'>>({
  startToCloseTimeout: '24h',
  heartbeatTimeout: WORKER_GONE,
  cancellationType: 'TRY_CANCEL',
  retry: {
    initialInterval: '100ms',
    backoffCoefficient: 1.5,
    maximumInterval: '1s',
    nonRetryableErrorTypes: ['NOT_SENT', 'AGENT_UNREACHABLE', 'LEASE_LOST', 'MESSAGE_BODY_LOST'],
  },
});

/** Short; a gateway that is away lets go by itself. */
export const { release } = proxyActivities<Pick<SessionActivities, 'release'>>({
  startToCloseTimeout: '30s',
  heartbeatTimeout: WORKER_GONE,
  retry: { initialInterval: '200ms', maximumInterval: '2s' },
});

/**
 * Next to the workflow, which costs one marker, and with all its tries well below 4 s: then the SDK would prolong the workflow
 * task, and what happens in a task that was prolonged is replayed in another order.
 */
const mirrorNear = proxyLocalActivities<Pick<SessionActivities, 'mirror'>>({
  startToCloseTimeout: '2s',
  scheduleToCloseTimeout: '3s',
  retry: { initialInterval: '50ms', maximumInterval: '1s' },
});
/** As an ordinary activity, for as long as it takes. */
export const mirrorFar = proxyActivities<Pick<SessionActivities, 'mirror'>>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '200ms', maximumInterval: '5s' },
});

/** Writes until it is written, once a workflow task at the most: what people read must not miss a status. */
export async function mirror(writes: MirrorWrite[]): Promise<void> {
  try {
    await mirrorNear.mirror(writes);
  } catch (error) {
    if (failureType(error) === null) throw error;
    await mirrorFar.mirror(writes);
  }
}
