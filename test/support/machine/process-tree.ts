import { execFileSync } from 'node:child_process';

/** The process and all that it started, however deep. */
export function processTree(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const tree = [pid];
  for (const parent of tree) tree.push(...rows.flatMap(([child = 0, ppid]) => (ppid === parent ? [child] : [])));
  return tree;
}

/** Stops all of them at once for as long as `during` takes. */
export function whileFrozen<T>(pid: number, during: () => T): T {
  const pids = processTree(pid);
  for (const one of pids) process.kill(one, 'SIGSTOP');
  try {
    return during();
  } finally {
    for (const one of pids) process.kill(one, 'SIGCONT');
  }
}
