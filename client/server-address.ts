import { resolve } from 'node:path';
import envPaths from 'env-paths';
import { runningServerUrl } from './server-file.ts';

/**
 * Finds the server for a program that names none: `XSWARM_URL`, else `XSWARM_SERVER_PORT` on this machine, else the server
 * that runs on the data folder (`XSWARM_HOME`, or the platform's), else port 8787.
 */
export function findServer(env: NodeJS.ProcessEnv): string {
  if (isSet(env.XSWARM_URL)) return env.XSWARM_URL;
  if (isSet(env.XSWARM_SERVER_PORT)) return `http://127.0.0.1:${env.XSWARM_SERVER_PORT}`;
  const dataDir = resolve(isSet(env.XSWARM_HOME) ? env.XSWARM_HOME : envPaths('xswarm', { suffix: '' }).data);
  return runningServerUrl(dataDir) ?? 'http://127.0.0.1:8787';
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
