import { workflowInfo } from '@temporalio/workflow';
import type { MirrorWrite } from '../domain/mirror-write.ts';
import { failureType } from './failures.ts';
import { mirrorFar, mirrorNear } from './proxies.ts';

/** Writes until it is written: what people read must not miss a status. */
export type MirrorWriter = (writes: MirrorWrite[]) => Promise<void>;

/** Makes the writer of a run. It writes near once a workflow task, since two slow writes together would prolong the task. */
export function makeMirrorWriter(): MirrorWriter {
  // While a task runs, and when it is replayed, the history is as long as when it began.
  let lengthAtNear = 0;

  return async function write(writes) {
    const { historyLength } = workflowInfo();
    if (historyLength === lengthAtNear) return await mirrorFar.mirror(writes);
    lengthAtNear = historyLength;
    try {
      await mirrorNear.mirror(writes);
    } catch (error) {
      if (failureType(error) === null) throw error;
      await mirrorFar.mirror(writes);
    }
  };
}
