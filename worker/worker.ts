import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { type ActivityInterceptorsFactory, type NativeConnection, Worker } from '@temporalio/worker';
import { makeActivities } from '../activities/index.ts';
import { Connections } from '../activities/line/connections.ts';
import type { Mirror } from '../domain/mirror/mirror-write.ts';
import { acceptPlain, isPlain } from '../workflows/plain-payload.ts';
import type { SessionActivities } from '../workflows/session-activities.ts';
import { workerConverter } from '../temporal/payloads/data-converter.ts';
import type { KeyRing } from '../temporal/payloads/key-ring.ts';
import { TASK_QUEUE } from '../temporal/settings.ts';

/** The bundle that the build makes beside the compiled code. */
export const WORKFLOW_BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

export interface WorkerOptions {
  /** Closed with the worker. */
  connection: NativeConnection;
  namespace: string;
  /** The same keys as the API's. */
  ring: KeyRing;
  mirror: Mirror;
  /** `turnLimitSeconds` is for plain peers, which know no limit of their own. */
  gateway: { url: string; token: string; turnLimitSeconds: number };
  bundlePath?: string;
  /** Workflows kept in memory (default 500): measured at 0.13 MB each; another one is replayed when it is needed. */
  maxCachedWorkflows?: number;
  taskQueue?: string;
  /** Put around the activities; for tests that watch or break them. */
  around?: (activities: SessionActivities) => SessionActivities;
}

export interface RunningWorker {
  /** Resolves when the worker has stopped; rejects when it failed. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Runs no activity whose input the product did not encrypt: whoever reaches Temporal can start a workflow of their own that
 * schedules our activities. What was scheduled before payloads were encrypted is carried out.
 */
const refuseForgedInput: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    async execute(input, next) {
      const args = input.args.map((value) => acceptPlain(value, new Date(info.scheduledTimestampMs)));
      if (args.length === 0 || args.some(isPlain)) {
        throw ApplicationFailure.nonRetryable('This installation did not encrypt the input', 'FORGED_INPUT');
      }
      return await next({ ...input, args });
    },
  },
});

/**
 * Starts a worker for sessions: their workflows and the activities that hold their sockets. Throws, with the connection closed,
 * when the worker cannot be made of these options.
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const connections = new Connections({ ...options.gateway, mirror: options.mirror });
  let worker: Worker;
  try {
    worker = await createWorker(options, connections);
  } catch (error) {
    await options.connection.close();
    throw error;
  }
  const done = worker.run().finally(async () => {
    connections.closeAll();
    await options.connection.close();
  });
  return {
    done,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await done;
    },
  };
}

async function createWorker(options: WorkerOptions, connections: Connections): Promise<Worker> {
  const activities = makeActivities({ connections, mirror: options.mirror });
  return await Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: options.taskQueue ?? TASK_QUEUE,
    workflowBundle: { codePath: options.bundlePath ?? WORKFLOW_BUNDLE },
    activities: options.around?.(activities) ?? activities,
    dataConverter: workerConverter(options.ring),
    interceptors: { activity: [refuseForgedInput] },
    maxCachedWorkflows: options.maxCachedWorkflows ?? 500,
    // A running turn holds a slot, and so does a session with background tasks.
    maxConcurrentActivityTaskExecutions: 2_000,
    maxConcurrentLocalActivityExecutions: 200,
    // After a worker's death its cached sessions wait this long before another worker takes them.
    stickyQueueScheduleToStartTimeout: '2s',
    shutdownForceTime: '3s',
  });
}
