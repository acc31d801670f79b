import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The environment variable that marks every process of an agent with the agent's id. */
export const AGENT_TAG = 'XSWARM_AGENT_ID';

const run = promisify(execFile);

interface Stat {
  pid: number;
  parent: number;
  started: string;
  /** Processor time in the system's ticks. */
  cpuTicks: number;
}

/** The length of a tick of `/proc`, on every Linux that Node.js runs on. */
const TICK_MS = 10;

/** A living process. Times in milliseconds, `bornAt` since the epoch. */
export interface ProcessInfo {
  pid: number;
  parent: number;
  bornAt: number;
  cpuMs: number;
}

async function readStat(pid: number): Promise<Stat | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name stands in brackets and may hold anything, so the fields are counted from its end.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return null;
    const cpuTicks = Number(fields[11]) + Number(fields[12]);
    return { pid, parent: Number(fields[1]), started: fields[19]!, cpuTicks };
  } catch {
    return null;
  }
}

async function listProc(): Promise<number[] | null> {
  try {
    return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch {
    return null;
  }
}

async function isTagged(pid: number, agentIds: ReadonlySet<string>): Promise<boolean> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
    return environment
      .split('\0')
      .some((entry) => entry.startsWith(`${AGENT_TAG}=`) && agentIds.has(entry.slice(AGENT_TAG.length + 1)));
  } catch {
    return false;
  }
}

/** When a process began, in the system's own stamp; null when it is gone. A pid and its stamp name one process for ever. */
export async function processStarted(pid: number): Promise<string | null> {
  if ((await listProc()) !== null) return (await readStat(pid))?.started ?? null;
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return stdout.trim() || null;
  } catch {
    return null;
  }
}

/** All living processes; null where the system does not show them. */
export async function listProcesses(): Promise<ProcessInfo[] | null> {
  const pids = await listProc();
  const uptime = await readFile('/proc/uptime', 'utf8').catch(() => null);
  if (pids === null || uptime === null) return null;
  const bootedAt = Date.now() - Number.parseFloat(uptime) * 1000;
  const stats = await Promise.all(pids.map(readStat));
  return stats.flatMap((stat) => {
    if (stat === null) return [];
    const { pid, parent, started, cpuTicks } = stat;
    return [{ pid, parent, bornAt: bootedAt + Number(started) * TICK_MS, cpuMs: cpuTicks * TICK_MS }];
  });
}

/** A process's resident memory in bytes; null where the system does not tell. */
export async function residentBytes(pid: number): Promise<number | null> {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
    return match === null ? null : Number(match[1]) * 1024;
  } catch {
    return null;
  }
}

/**
 * All living processes that carry one of the agents' tags, and what descends from them.
 * Empty where there is no `/proc`: there only the recorded process groups can be ended.
 */
export async function findTagged(agentIds: ReadonlySet<string>): Promise<number[]> {
  const pids = await listProc();
  if (pids === null || agentIds.size === 0) return [];
  const found = new Set<number>();
  const stats: Stat[] = [];
  for (const pid of pids) {
    const stat = await readStat(pid);
    if (stat === null || pid === process.pid) continue;
    stats.push(stat);
    if (await isTagged(pid, agentIds)) found.add(pid);
  }
  for (let grew = true; grew;) {
    grew = false;
    for (const { pid, parent } of stats) {
      if (found.has(pid) || !found.has(parent)) continue;
      found.add(pid);
      grew = true;
    }
  }
  return [...found];
}

/** Sends a signal to a process, or to a whole group by a negative number; false when there is none. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // gone, or not ours to signal
  }
}
