import { serverUrl } from '../config/derive.ts';
import type { Config } from '../config/sections.ts';
import { whyNotReady } from '../run/start/wait-until-ready.ts';
import type { Finding } from './finding.ts';

/** Checks that a running server is ready. */
export async function checkServer(config: Config, isRunning: boolean): Promise<Finding> {
  const check = 'Server';
  const url = serverUrl(config);
  const problem = await whyNotReady(url);
  if (problem === null) return { check, state: 'ok', text: `${url} is ready` };
  if (!isRunning) return { check, state: 'ok', text: 'does not run: `xswarm start` starts it' };
  return {
    check,
    state: 'fail',
    text: `${url} is not ready: ${problem}`,
    todo: 'Look into the logs in the data folder',
  };
}
