import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `server.json` in a data folder says about the server that runs on it. */
export interface ServerFile {
  /** The address of REST. */
  url: string;
  supervisor_url: string;
  pid: number;
  version: string;
}

/** Writes `server.json`, so that commands and programs find the server whatever ports it was started with. */
export function writeServerFile(dataDir: string, server: Omit<ServerFile, 'pid'>): void {
  const path = pathIn(dataDir);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ ...server, pid: process.pid } satisfies ServerFile)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

/** Removes `server.json` if this process wrote it. */
export function removeServerFile(dataDir: string): void {
  if (readServerFile(dataDir)?.pid === process.pid) rmSync(pathIn(dataDir), { force: true });
}

/** Reads `server.json`; null where there is no such file. The server that wrote it may have been killed since. */
export function readServerFile(dataDir: string): ServerFile | null {
  try {
    return JSON.parse(readFileSync(pathIn(dataDir), 'utf8')) as ServerFile;
  } catch {
    return null;
  }
}

/** Returns the address of the server that runs on a data folder; null where `server.json` is missing or its process is gone. */
export function runningServerUrl(dataDir: string): string | null {
  const file = readServerFile(dataDir);
  return file !== null && isAlive(file.pid) ? file.url : null;
}

function pathIn(dataDir: string): string {
  return join(dataDir, 'server.json');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user exists, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
