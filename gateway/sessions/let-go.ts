import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionHost } from './session-host.ts';

const SETTLE_LIMIT_MS = 2_000;

/** Lets a session's agent go, or ends the session; gives the number of the last event that this brought into the journal. */
export async function letGo(host: SessionHost, mode: 'idle' | 'close', reason = 'the session ended'): Promise<number> {
  await (mode === 'idle' ? host.slot.stop() : host.close(reason));
  // The end of an agent may still be on its way into the journal.
  for (let waited = 0; !host.log.isSettled && waited < SETTLE_LIMIT_MS; waited += 10) await sleep(10);
  return host.log.lastSeq;
}
