import type { Mirror, MirrorWrite } from '../../src/domain/mirror-write.ts';

/** A mirror that keeps what is written, a list a transaction, and refuses it while `failure` is set. */
export interface MemoryMirror extends Mirror {
  batches: MirrorWrite[][];
  failure: Error | null;
}

export function makeMemoryMirror(): MemoryMirror {
  const mirror: MemoryMirror = {
    batches: [],
    failure: null,
    write(writes) {
      if (mirror.failure !== null) return Promise.reject(mirror.failure);
      mirror.batches.push(writes);
      return Promise.resolve();
    },
    readBody: () => Promise.reject(new Error('no body')),
    live: () => undefined,
  };
  return mirror;
}
