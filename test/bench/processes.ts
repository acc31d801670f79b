import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** The product's processes below `start`. */
export interface PartPids {
  temporal: number;
  gateway: number;
  app: number;
}

/** Finds the parts among the children of `start` by their command lines (Linux). */
export function partPids(startPid: number): PartPids {
  const lines = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const all = lines.map((line) => {
    const [pid = '', ppid = '', ...args] = line.trim().split(/\s+/);
    return { pid: Number(pid), ppid: Number(ppid), args: args.join(' ') };
  });
  const below = new Set([startPid]);
  for (let pass = 0; pass < 4; pass += 1) for (const { pid, ppid } of all) if (below.has(ppid)) below.add(pid);
  const find = (pattern: RegExp): number =>
    all.filter(({ pid, args }) => below.has(pid) && pattern.test(args)).at(-1)?.pid ?? 0;
  return {
    temporal: find(/^\S*temporal server start-dev/),
    gateway: find(/--roles gateway/),
    app: find(/--roles api,worker/),
  };
}

/** CPU time that a process has used so far, in milliseconds. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** Resident memory in MB. */
export function rssMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
