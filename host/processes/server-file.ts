import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dataFiles } from '../config/data-folder.ts';

/** What `server.json` says about the server that runs on a data folder. */
export interface ServerFile {
  /** The address of REST. */
  url: string;
  supervisor_url: string;
  pid: number;
  version: string;
}

/** Writes `server.json`, so that commands find the server whatever ports it was started with. */
export function writeServerFile(dataDir: string, server: Omit<ServerFile, 'pid'>): void {
  const path = dataFiles.server(dataDir);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ ...server, pid: process.pid } satisfies ServerFile)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

/** Removes `server.json` if this process wrote it. */
export function removeServerFile(dataDir: string): void {
  if (readServerFile(dataDir)?.pid === process.pid) rmSync(dataFiles.server(dataDir), { force: true });
}

/** Reads `server.json`; null where there is none. The server that wrote it may have been killed since. */
export function readServerFile(dataDir: string): ServerFile | null {
  try {
    return JSON.parse(readFileSync(dataFiles.server(dataDir), 'utf8')) as ServerFile;
  } catch {
    return null;
  }
}
