import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';

const argv = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('xswarm/package.json')), 'utf8')) as {
  version: string;
};

/** Ends the command without an error when its reader has gone (`… | head`). */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the uid may have no name.
    return process.env.USER ?? 'me';
  }
}

async function main(): Promise<number> {
  const [{ default: envPaths }, { dataDirOf }, { cacheDirOf }, { COMMANDS }, { runCli }] = await Promise.all([
    import('env-paths'),
    import('../host/config/data-folder.ts'),
    import('../host/config/data-folder.ts'),
    import('./command-table.ts'),
    import('./run.ts'),
  ]);
  const paths = envPaths('xswarm', { suffix: '' });
  const isTerminal = isatty(1);
  const color = isTerminal && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb';
  return await runCli(argv, {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    colorDepth: color ? 8 : 1,
    cwd: process.cwd(),
    dataDir: dataDirOf(process.env, paths.data),
    cacheDir: cacheDirOf(process.env, paths.cache),
    osUser: osUser(),
    version: manifest.version,
    width: isTerminal ? process.stdout.columns || 80 : null,
    stdinIsTerminal: isatty(0),
    color,
    commands: COMMANDS,
    self: [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)],
  });
}

process.stdout.on('error', endWithReader);
const asksForVersion = ['version', '--version', '-v', '-V'].includes(argv[0] ?? '');
if (asksForVersion && argv.slice(1).every((word) => word === '--json')) {
  process.stdout.write(
    argv.includes('--json') ? `${JSON.stringify({ version: manifest.version })}\n` : `${manifest.version}\n`,
  );
} else {
  const exitCode = await main();
  await Promise.all([process.stdout, process.stderr].map(flushed));
  // Idle connections would keep the process for some seconds more.
  process.exit(exitCode);
}
