import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** The secrets that the parts of one installation share. */
export const SECRET_NAMES = ['gateway-token', 'supervisor-token', 'internal-token'] as const;
export type SecretName = (typeof SECRET_NAMES)[number];

/**
 * Reads a secret of the data folder, or makes one of 256 random bits there (mode 0600).
 * Of several processes that make it at the same time all get the same.
 */
export function loadOrCreateSecret(dataDir: string, name: SecretName): string {
  const folder = join(dataDir, 'secrets');
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return readSecret(path) ?? createSecret(path);
}

function readSecret(path: string): string | null {
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    const secret = readFileSync(path, 'utf8').trim();
    if (secret === '') throw new Error(`Secret file is empty: ${path}; remove it to have a new one made`);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function createSecret(path: string): string {
  const secret = randomBytes(32).toString('base64url');
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, `${secret}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    // A link, unlike a rename, fails when another process was first.
    linkSync(draft, path);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const theirs = readSecret(path);
    if (theirs === null) throw error;
    return theirs;
  } finally {
    unlinkSync(draft);
  }
}
