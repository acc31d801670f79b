import { proxyActivities } from '@temporalio/workflow';
import { TASK_QUEUE } from '../../../temporal/settings.ts';
import type { ConnectInput, SessionActivities } from '../../../workflows/session-activities.ts';

const { connect } = proxyActivities<Pick<SessionActivities, 'connect'>>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '10s',
});

/** A workflow of somebody else that calls our activity. */
export async function foreign(input: ConnectInput): Promise<void> {
  await connect(input);
}
