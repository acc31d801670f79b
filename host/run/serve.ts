import { setFlagsFromString } from 'node:v8';
import type { Logger } from '../../domain/logger.ts';
import type { Mirror } from '../../domain/mirror/mirror-write.ts';
import { serverUrl } from '../config/derive.ts';
import { DataLock } from '../processes/data-lock.ts';
import { apiPorts, gatewayPort, PortUnavailable, portProblem, type WantedPort } from '../processes/ports.ts';
import type { Part, PartOptions, Role, Wrappers } from './roles/part.ts';

/** How long one part may take to close, in milliseconds, before the next one is closed. */
const CLOSE_LIMIT_MS = 10_000;

/**
 * Runs parts in this process until `options.signal` aborts. Starts them in order and closes all of them in reverse order,
 * also when one fails; then it throws that failure. `wrap` stands between the parts and what they are built from: the fault
 * tests compose their own process with it.
 */
export async function serve(roles: readonly Role[], options: PartOptions, wrap: Wrappers = {}): Promise<void> {
  // Lets garbage grow to half of the live memory before it is collected; V8's default is up to three times as much.
  setFlagsFromString('--heap-growing-percent=50');
  const lock = roles.includes('api') ? DataLock.takeUnlessParentHolds(options.dataDir) : null;
  const parts: Part[] = [];
  const ending = new AbortController();
  const end = (): void => ending.abort(options.signal.reason);
  options.signal.addEventListener('abort', end, { once: true });
  if (options.signal.aborted) end();
  try {
    await startParts(roles, { ...options, signal: ending.signal }, wrap, parts);
    await Promise.race([aborted(ending.signal), ...parts.map((part) => part.failed)]);
  } finally {
    options.signal.removeEventListener('abort', end);
    // A part that still waits for Temporal stops waiting.
    ending.abort(new Error('the process ends'));
    for (const part of parts.reverse()) await closeInTime(part, options.logger);
    lock?.release();
  }
}

async function startParts(roles: readonly Role[], options: PartOptions, wrap: Wrappers, parts: Part[]): Promise<void> {
  if (roles.includes('gateway')) {
    const { startGatewayRole } = await import('./roles/gateway-role.ts');
    parts.push(announced(options, await listening([gatewayPort(options.config)], startGatewayRole(options, wrap))));
  }
  if (roles.includes('api') || roles.includes('worker')) {
    const { installTemporalRuntime } = await import('../../temporal/runtime.ts');
    installTemporalRuntime(options.logger);
  }
  let mirror: Mirror | null = null;
  if (roles.includes('api')) {
    const { startApiRole } = await import('./roles/api-role.ts');
    const api = await listening(apiPorts(options.config), startApiRole(options, wrap));
    mirror = api.mirror;
    parts.push(announced(options, api));
  }
  if (roles.includes('worker')) {
    const { startWorkerRole } = await import('./roles/worker-role.ts');
    parts.push(announced(options, startWorkerRole(options, mirror ?? (await remoteMirror(options)), wrap)));
  }
}

/** Turns the error of a port that cannot be listened on into one sentence. */
async function listening<T extends Part>(ports: WantedPort[], starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    const { code, syscall, port } = error as NodeJS.ErrnoException & { port?: number };
    const wanted = ports.find((one) => one.port === port) ?? ports[0];
    if (code === undefined || !['listen', 'bind', 'getaddrinfo'].includes(syscall ?? '') || wanted === undefined)
      throw error;
    throw new PortUnavailable(portProblem(wanted, code), { cause: error });
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

function announced<T extends Part>(options: PartOptions, part: T): T {
  options.logger.info({ role: part.name, address: part.address }, 'part is up');
  return part;
}

/** Closes a part. One that fails to close, or takes too long, must not keep the next one open. */
async function closeInTime(part: Part, logger: Logger): Promise<void> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    limit = setTimeout(() => reject(new Error(`it took more than ${CLOSE_LIMIT_MS} ms`)), CLOSE_LIMIT_MS);
  });
  try {
    await Promise.race([part.close(), late]);
  } catch (error) {
    logger.error({ err: error }, `the ${part.name} did not close in order`);
  } finally {
    clearTimeout(limit);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
