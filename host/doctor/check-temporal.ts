import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { TEMPORAL_CLI_VERSION } from '../../temporal/server/find-binary.ts';
import { canConnect } from './can-connect.ts';
import type { DiagnoseOptions } from './diagnose-options.ts';
import type { Finding } from './finding.ts';

/** Checks that Temporal is there: the configured server, the running one, or a program to start it with. */
export async function checkTemporal({ config, cacheDir, env }: DiagnoseOptions, isRunning: boolean): Promise<Finding> {
  const check = 'Temporal';
  const { address, port } = config.temporal;
  if (address !== '') {
    const colon = address.lastIndexOf(':');
    const [host, name] = colon === -1 ? [address, '7233'] : [address.slice(0, colon), address.slice(colon + 1)];
    if (await canConnect(host, Number(name))) return { check, state: 'ok', text: `${address} accepts connections` };
    const todo = 'Start that server, correct [temporal] address, or leave it empty for the embedded one';
    return { check, state: 'fail', text: `${address} cannot be reached`, todo };
  }
  if (isRunning && (await canConnect('127.0.0.1', port))) {
    return { check, state: 'ok', text: `the embedded server runs on port ${port}` };
  }
  const found = candidates(env, cacheDir).find((path) => existsSync(path));
  if (found !== undefined) return { check, state: 'ok', text: `embedded, by ${found}` };
  const goIsThere = inPath(env, 'go').some((path) => existsSync(path));
  return {
    check,
    state: 'warn',
    text: 'no Temporal program on this machine yet',
    todo: `The first start downloads it${goIsThere ? ', or builds it with Go (some minutes)' : '; without a network put `temporal` on the PATH'}`,
  };
}

function candidates(env: NodeJS.ProcessEnv, cacheDir: string): string[] {
  const name = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
  return [...inPath(env, name), join(cacheDir, 'temporal', TEMPORAL_CLI_VERSION, name)];
}

function inPath(env: NodeJS.ProcessEnv, name: string): string[] {
  return (env.PATH ?? '').split(delimiter).flatMap((folder) => (folder === '' ? [] : [join(folder, name)]));
}
