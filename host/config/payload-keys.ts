import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createKeyRing, KeyRing } from '../../temporal/payloads/key-ring.ts';
import { dataFiles } from './data-folder.ts';
import { loadOrCreateSecret, loadSecret } from './secrets.ts';
import type { Config } from './sections.ts';

/**
 * Returns the keys that the API encrypts sessions with: the configured ones, or those of the data folder, which are created at
 * the first start. Throws when a key that was used in this data folder is missing: what it encrypted could not be read.
 */
export function loadPayloadKeys(config: Config, dataDir: string): KeyRing {
  const ring =
    readPayloadKeys(config, dataDir) ?? new KeyRing(loadOrCreateSecret(dataDir, 'payload-keys', createKeyRing));
  if (ring.ids.length > usedIds(dataDir).length) noteUsed(dataDir, ring.ids);
  return ring;
}

/** The same without creating any: returns null before the first start. */
export function readPayloadKeys(config: Config, dataDir: string): KeyRing | null {
  const used = usedIds(dataDir);
  const text = config.temporal.payload_keys || loadSecret(dataDir, 'payload-keys');
  const ring = text === null ? null : new KeyRing(text);
  const lost = used.filter((id) => (ring?.find(id) ?? null) === null);
  if (lost.length > 0) throw lostKeys(dataDir, lost);
  return ring;
}

/** Returns the keys for a worker. Throws when there are none: keys of its own could read nothing that the API wrote. */
export function requirePayloadKeys(config: Config, dataDir: string): KeyRing {
  const text = config.temporal.payload_keys || loadSecret(dataDir, 'payload-keys');
  if (text !== null) return new KeyRing(text);
  throw new Error(
    'No payload keys: set [temporal] payload_keys to the keys of the API, which are in secrets/payload-keys of its data folder',
  );
}

function lostKeys(dataDir: string, ids: string[]): Error {
  return new Error(
    `Payload keys are lost: ${ids.join(', ')}. Sessions in Temporal cannot be read without them. Put secrets/payload-keys of ` +
      `${dataDir}, or [temporal] payload_keys, back; to give these sessions up, remove ${dataFiles.usedPayloadKeys(dataDir)}`,
  );
}

function usedIds(dataDir: string): string[] {
  try {
    return readFileSync(dataFiles.usedPayloadKeys(dataDir), 'utf8').split(/\s+/).filter(Boolean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function noteUsed(dataDir: string, ids: string[]): void {
  const path = dataFiles.usedPayloadKeys(dataDir);
  writeFileSync(`${path}.draft`, `${ids.join('\n')}\n`, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}
