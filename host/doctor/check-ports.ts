import type { Config } from '../config/sections.ts';
import { whyNotFree } from '../processes/ports.ts';
import { wantedPorts } from '../run/start/wanted-ports.ts';
import type { Finding } from './finding.ts';

/** Checks that the ports are free, or used by our own parts that run. */
export async function checkPorts(config: Config, living: string[]): Promise<Finding[]> {
  const check = 'Ports';
  const wanted = wantedPorts(config);
  const list = wanted.map(({ port }) => port).join(', ');
  if (living.length > 0) return [{ check, state: 'ok', text: `${list}: xswarm runs (${living.join(', ')})` }];
  const problems = (await Promise.all(wanted.map(whyNotFree))).filter((problem) => problem !== null);
  if (problems.length === 0) return [{ check, state: 'ok', text: `${list} are free` }];
  return problems.map((problem) => {
    const colon = problem.indexOf(': ');
    return { check, state: 'fail' as const, text: problem.slice(0, colon), todo: problem.slice(colon + 2) };
  });
}
