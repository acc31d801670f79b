import type { Mirror, MirrorWrite } from '../../../domain/mirror/mirror-write.ts';

/** A mirror that keeps what is written, a list a transaction, and refuses it while `failure` is set. */
export interface MemoryMirror extends Mirror {
  batches: MirrorWrite[][];
  failure: Error | null;
  /** Why a transaction that holds this write is refused; null where it is not. */
  refusal: (write: MirrorWrite) => Error | null;
}

export function makeMemoryMirror(): MemoryMirror {
  const mirror: MemoryMirror = {
    batches: [],
    failure: null,
    refusal: () => null,
    write(writes) {
      const refused = mirror.failure ?? writes.map(mirror.refusal).find((error) => error !== null);
      if (refused !== undefined) return Promise.reject(refused);
      mirror.batches.push(writes);
      return Promise.resolve();
    },
    readBody: () => Promise.reject(new Error('no body')),
    trustedDigest: () => Promise.resolve(null),
    live: () => undefined,
  };
  return mirror;
}
