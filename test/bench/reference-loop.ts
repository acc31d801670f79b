import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { ask, type loop } from './loop-workflow.ts';

export interface ReferenceLoop {
  /** One message to the given session of the loop: resolves when its activity ran. */
  call(session: number): Promise<void>;
  stop(): Promise<void>;
}

/** Reference (a): signal, one activity, an answer in this process; on the same server as the product. */
export async function startReferenceLoop(address: string, sessions: number): Promise<ReferenceLoop> {
  const waiting = new Map<string, () => void>();
  const connection = await NativeConnection.connect({ address });
  const taskQueue = `bench-${randomUUID()}`;
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./loop-workflow.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    }),
    activities: {
      async answer(id: string): Promise<void> {
        waiting.get(id)?.();
        waiting.delete(id);
      },
    },
  });
  const running = worker.run();
  const clientConnection = await Connection.connect({ address });
  const client = new Client({ connection: clientConnection });
  const handles = await Promise.all(
    Array.from({ length: sessions }, () =>
      client.workflow.start<typeof loop>('loop', { taskQueue, workflowId: `bench-${randomUUID()}` }),
    ),
  );
  return {
    async call(session) {
      const id = randomUUID();
      const answered = new Promise<void>((resolve) => waiting.set(id, resolve));
      await handles[session % handles.length]?.signal(ask, id);
      await answered;
    },
    async stop() {
      await Promise.all(handles.map((handle) => handle.signal(ask, 'end')));
      await Promise.all(handles.map((handle) => handle.result()));
      worker.shutdown();
      await running;
      await connection.close();
      await clientConnection.close();
    },
  };
}
