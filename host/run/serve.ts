import { setFlagsFromString } from 'node:v8';
import { serverUrl } from '../config/derive.ts';
import type { Mirror } from '../../domain/mirror-write.ts';
import type { Part, PartOptions, Role } from './roles/part.ts';

/** Runs parts until `options.signal` aborts; throws when one cannot go on. Starts in order, closes in reverse. */
export async function serve(roles: readonly Role[], options: PartOptions): Promise<void> {
  // Garbage may grow to half of what lives before it is collected; V8 takes up to three times as much where memory is large.
  setFlagsFromString('--heap-growing-percent=50');
  const parts: Part[] = [];
  try {
    if (roles.includes('gateway')) {
      const { startGatewayRole } = await import('./roles/gateway-role.ts');
      parts.push(announced(options, await startGatewayRole(options)));
    }
    if (roles.includes('api') || roles.includes('worker')) {
      const { installTemporalRuntime } = await import('../../temporal/runtime.ts');
      const { NEXT_RUN } = await import('../../workflows/definitions.ts');
      installTemporalRuntime(options.logger, (message) => {
        if (message === NEXT_RUN) options.reach?.('workflow.next_run');
      });
    }
    let mirror: Mirror | null = null;
    if (roles.includes('api')) {
      const { startApiRole } = await import('./roles/api-role.ts');
      const api = await startApiRole(options);
      mirror = api.mirror;
      parts.push(announced(options, api));
    }
    if (roles.includes('worker')) {
      const { startWorkerRole } = await import('./roles/worker-role.ts');
      parts.push(announced(options, await startWorkerRole(options, mirror ?? (await remoteMirror(options)))));
    }
    await Promise.race([aborted(options.signal), ...parts.map((part) => part.failed)]);
  } finally {
    for (const part of parts.reverse()) await part.close();
  }
}

/** A worker without the api in its process writes the mirror through the api. */
async function remoteMirror({ config, secrets, logger }: PartOptions): Promise<Mirror> {
  const { RemoteMirror } = await import('../../protocol/mirror-http.ts');
  return new RemoteMirror({
    url: serverUrl(config),
    token: secrets.internalToken,
    onLiveLost: (error) => logger.debug({ err: error }, 'live text was lost on its way to the api'),
  });
}

function announced(options: PartOptions, part: Part): Part {
  options.logger.info({ role: part.name, address: part.address }, 'part is up');
  return part;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
