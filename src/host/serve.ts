import type { Part, PartOptions, Role } from './roles/part.ts';

/** Runs parts until `options.signal` aborts; throws when one cannot go on. Starts in order, closes in reverse. */
export async function serve(roles: readonly Role[], options: PartOptions): Promise<void> {
  const parts: Part[] = [];
  try {
    for (const role of roles) {
      const part = await startRole(role, options);
      options.logger.info({ role: part.name, address: part.address }, 'part is up');
      parts.push(part);
    }
    await Promise.race([aborted(options.signal), ...parts.map((part) => part.failed)]);
  } finally {
    for (const part of parts.reverse()) await part.close();
  }
}

async function startRole(role: Role, options: PartOptions): Promise<Part> {
  if (role === 'gateway') return await (await import('./roles/gateway-role.ts')).startGatewayRole(options);
  throw new Error(`The role ${role} is not wired yet`);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
