import { execFile } from 'node:child_process';
import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { buildTemporal } from './build-binary.ts';
import { downloadTemporal } from './download-binary.ts';

const run = promisify(execFile);

/** The version of the Temporal CLI that is downloaded or built: the newest that `go install` can build. */
export const TEMPORAL_CLI_VERSION = '1.5.1';

export interface FindBinaryOptions {
  /** Where a downloaded or built binary is kept, outside the checkout and the data folder. */
  cacheDir: string;
  /** The folder of the server's database; the version that made it is noted there. */
  dataDir: string;
  env: NodeJS.ProcessEnv;
  /** Receives a sentence before each step that takes long. */
  onProgress: (text: string) => void;
}

export interface TemporalBinary {
  path: string;
  /** For example `1.29.1`. */
  serverVersion: string;
}

/**
 * Finds the Temporal server: on the PATH, in the cache, by the official download, or built with Go.
 * A database is only opened by the server version that made it, since there is no migration between versions.
 * Throws with what to do when there is no way to get one.
 */
export async function findTemporalBinary(options: FindBinaryOptions): Promise<TemporalBinary> {
  const wanted = await readVersion(options.dataDir);
  const cached = join(options.cacheDir, 'temporal', TEMPORAL_CLI_VERSION, binaryName());
  const passedOver: string[] = [];

  for (const path of [...onPath(options.env), cached]) {
    const serverVersion = await versionOf(path);
    if (serverVersion === null) continue;
    if (wanted === null || wanted === serverVersion) return { path, serverVersion };
    passedOver.push(`${path} is server ${serverVersion}`);
  }
  const failures: string[] = [];
  for (const get of [downloadTemporal, buildTemporal]) {
    try {
      await mkdir(dirname(cached), { recursive: true });
      await get({ version: TEMPORAL_CLI_VERSION, target: cached, onProgress: options.onProgress, env: options.env });
      const serverVersion = await versionOf(cached);
      if (serverVersion === null) throw new Error('it does not run on this machine');
      if (wanted === null || wanted === serverVersion) return { path: cached, serverVersion };
      passedOver.push(`${cached} is server ${serverVersion}`);
      break;
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(howToGetTemporal(wanted, passedOver, failures));
}

/** Notes which server version made the database in `dataDir`. */
export async function recordVersion(dataDir: string, serverVersion: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  await writeFile(join(dataDir, 'server-version'), `${serverVersion}\n`);
}

async function readVersion(dataDir: string): Promise<string | null> {
  try {
    return (await readFile(join(dataDir, 'server-version'), 'utf8')).trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function versionOf(path: string): Promise<string | null> {
  try {
    await access(path, constants.X_OK);
    const { stdout } = await run(path, ['--version'], { timeout: 10_000 });
    return /Server (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? null;
  } catch {
    // Not there, not for this machine, or not Temporal's CLI: each means that this one is no candidate.
    return null;
  }
}

function onPath(env: NodeJS.ProcessEnv): string[] {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, binaryName()));
}

function binaryName(): string {
  return process.platform === 'win32' ? 'temporal.exe' : 'temporal';
}

function howToGetTemporal(wanted: string | null, passedOver: string[], failures: string[]): string {
  const lines = ['Cannot get a Temporal server.', ...failures.map((failure) => `  - ${failure}`)];
  if (wanted !== null && passedOver.length > 0) {
    lines.push(`  - the database was made by server ${wanted}, but ${passedOver.join('; ')}`);
  }
  lines.push(
    'Do one of these:',
    `  - put Temporal's CLI on the PATH (https://docs.temporal.io/cli)${wanted === null ? '' : `, with server ${wanted}`}`,
    '  - install Go 1.25 or newer and start again: it is then built once',
    '  - set [temporal] address to a Temporal server that runs already',
  );
  return lines.join('\n');
}
