import type { ProcessInfo } from './process-table.ts';

/** A tree of processes as it was at one moment. Times in milliseconds. */
export interface TreeSample {
  at: number;
  /** Processor time of all that live. */
  cpuMs: number;
  /** Whether one of the processes below the root began at or after the asked time. */
  hasNew: boolean;
}

/** Less than this part of one processor is what an idle Claude Code uses. */
const IDLE_SHARE = 0.1;
/** Process start stamps are that coarse. */
const STAMP_MS = 50;

/** Samples the tree below a process; null when the process is gone. */
export function sampleTree(
  processes: ProcessInfo[],
  root: number,
  newSince: number | null,
  now: number,
): TreeSample | null {
  const top = processes.find(({ pid }) => pid === root);
  if (top === undefined) return null;
  const tree = [top];
  // It grows while it is walked: each process brings its children.
  for (const { pid } of tree) tree.push(...processes.filter(({ parent }) => parent === pid));
  return {
    at: now,
    cpuMs: tree.reduce((sum, each) => sum + each.cpuMs, 0),
    hasNew: newSince !== null && tree.slice(1).some((each) => each.bornAt >= newSince - STAMP_MS),
  };
}

/** Whether the processes did something since the sample before, or do now: a tool runs, or one ended, or they compute. */
export function hasWorked(now: TreeSample, before: TreeSample | null): boolean {
  if (now.hasNew) return true;
  if (before === null) return false;
  return now.cpuMs < before.cpuMs || now.cpuMs - before.cpuMs > IDLE_SHARE * (now.at - before.at);
}
