import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** How a command ended. */
export interface CliResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** What a command is run with; everything else of this process's environment is left out. */
export interface CliOptions {
  env?: Record<string, string>;
  cwd?: string;
  stdin?: string;
}

/** Makes a data folder that is the test's own. */
export function tempDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'xswarm-cli-'));
}

/** Starts the CLI as a process, from its sources. */
export function spawnCli(args: string[], { env = {}, cwd }: CliOptions = {}): ChildProcessWithoutNullStreams {
  const tsx = import.meta.resolve('tsx');
  return spawn(process.execPath, ['--import', tsx, MAIN, ...args], {
    cwd: cwd ?? tempDataDir(),
    env: { PATH: process.env.PATH, HOME: tempDataDir(), XSWARM_HOME: tempDataDir(), ...env },
  });
}

/** Runs the CLI as a process to its end. */
export async function runCli(args: string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawnCli(args, options);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { exitCode, stdout, stderr };
}

/** Reads one JSON object a line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
