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
import { runsOwnGateway } from './derive.ts';
import type { Config } from './sections.ts';

/** The tokens that the parts of one installation share. */
export interface Secrets {
  gatewayToken: string;
  supervisorToken: string;
  internalToken: string;
}

/** Returns the configured tokens, and those of the data folder where none is configured. */
export function loadSecrets(config: Config, dataDir: string, runsGateway: boolean = runsOwnGateway(config)): Secrets {
  return {
    gatewayToken: loadGatewayToken(config, dataDir, runsGateway),
    supervisorToken: config.supervisor.token || loadOrCreateSecret(dataDir, 'supervisor-token'),
    internalToken: config.server.internal_token || loadOrCreateSecret(dataDir, 'internal-token'),
  };
}

/**
 * Returns the token of the agent server. A foreign server receives only the token that was configured for it, which may be
 * empty; our own gateway always has one.
 */
export function loadGatewayToken(config: Config, dataDir: string, runsGateway: boolean): string {
  const configured = config.claude_code.auth_token;
  return configured === '' && runsGateway ? loadOrCreateSecret(dataDir, 'gateway-token') : configured;
}

/** The files in the folder `secrets`. */
type SecretName = 'gateway-token' | 'supervisor-token' | 'internal-token' | 'payload-keys';

/**
 * Reads a secret of the data folder, or writes a new one there (mode 0600): a token of 256 random bits unless `create` says
 * otherwise. Processes that do so at the same time all get the same secret.
 */
export function loadOrCreateSecret(dataDir: string, name: SecretName, create: () => string = createToken): string {
  const folder = join(dataDir, 'secrets');
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return readSecret(path) ?? createSecret(path, create());
}

/** Reads a secret of the data folder; returns null when there is none. */
export function loadSecret(dataDir: string, name: SecretName): string | null {
  return readSecret(join(dataDir, 'secrets', name));
}

function createToken(): string {
  return randomBytes(32).toString('base64url');
}

function readSecret(path: string): string | null {
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    const secret = readFileSync(path, 'utf8').trim();
    if (secret === '') throw new Error(`Secret file is empty: ${path}; remove it, and the next start makes a new one`);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function createSecret(path: string, secret: string): string {
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
