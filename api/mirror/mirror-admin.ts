import { XswarmError } from '../../domain/errors.ts';
import type { CheckStep, RebuildStep } from '../../domain/mirror/mirror-steps.ts';
import { checkMirror } from './check-mirror.ts';
import { rebuildMirror } from './rebuild-mirror.ts';
import type { MirrorDeps } from './sources.ts';

/** What an operator can do about the mirror while the system runs. */
export interface MirrorAdmin {
  check(signal: AbortSignal): AsyncIterable<CheckStep>;
  /** Throws `UNAVAILABLE` while another one goes on. */
  rebuild(signal: AbortSignal): AsyncIterable<RebuildStep>;
}

/** Makes it; one rebuild at a time. */
export function makeMirrorAdmin(deps: MirrorDeps): MirrorAdmin {
  let isRebuilding = false;
  return {
    check: (signal) => checkMirror(deps, signal),
    async *rebuild(signal) {
      if (isRebuilding)
        throw new XswarmError('UNAVAILABLE', 'The mirror is being rebuilt already: wait until it is done');
      isRebuilding = true;
      try {
        yield* rebuildMirror(deps, signal);
      } finally {
        isRebuilding = false;
      }
    },
  };
}
