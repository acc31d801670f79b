import { cpus, totalmem } from 'node:os';
import { percentile } from './recovery.ts';
import type { FaultReport } from './run-faults.ts';

/** The result of a run as Markdown. */
export function faultTable(report: FaultReport): string {
  const { findings, recovery, memory } = report;
  const columns = {
    kills: report.kills,
    sessions: report.sessions,
    messages: report.messages,
    lost: findings.lost.length,
    doubled: findings.doubled.length,
    'out of order': findings.outOfOrder.length,
    'wrong cost': findings.wrongCost.length,
    'stuck sessions': findings.stuck.length,
    'orphan processes': findings.orphans.length,
    'told unknown': findings.toldUnknown.length,
    'told failed': findings.toldFailed.length,
  };
  const lines = [row(Object.keys(columns)), row(Object.keys(columns).map(() => '---:')), row(Object.values(columns))];
  lines.push('', row(['from the kill to the next answer on the same session', 'answers', 'p50', 'p95', 'longest']));
  lines.push(row(['---', '---:', '---:', '---:', '---:']));
  for (const [name, times] of [...recovery].sort(([one], [other]) => one.localeCompare(other))) {
    if (times.length === 0) continue;
    const [p50, p95, longest] = [percentile(times, 0.5), percentile(times, 0.95), Math.max(...times)];
    lines.push(row([name, times.length, seconds(p50), seconds(p95), seconds(longest)]));
  }
  lines.push('', row(['harm', 'times']), row(['---', '---:']));
  for (const [name, count] of [...report.harms].sort(([one], [other]) => one.localeCompare(other))) {
    lines.push(row([name, count]));
  }
  lines.push(
    '',
    `Largest memory: app ${memory.app} MiB, gateway ${memory.gateway} MiB, Temporal ${memory.temporal} MiB.`,
  );
  lines.push(
    `Machine: ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${gib()} GiB, Node ${process.versions.node}.`,
  );
  return lines.join('\n');
}

/** What went wrong, in lines. */
export function findingLines({ findings }: FaultReport): string[] {
  return Object.entries(findings as unknown as Record<string, string[]>).flatMap(([column, lines]) =>
    lines.map((line) => `${column}: ${line}`),
  );
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function gib(): number {
  return Math.round(totalmem() / 2 ** 30);
}
