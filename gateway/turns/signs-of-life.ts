import type { AgentReport } from '../drivers/driver.ts';

/** What an agent last showed of its work. Times in milliseconds since the epoch. */
export interface SignsOfLife {
  /** When it last reported anything. */
  reportedAt: number;
  /** When the turn that runs began its first tool; null while it has begun none. */
  toolsSince: number | null;
  /** Tool calls that are with an MCP server, which may be quiet and need no process of the agent. */
  remoteCalls: string[];
}

/** An agent that has not reported yet. */
export function noSigns(now: number): SignsOfLife {
  return { reportedAt: now, toolsSince: null, remoteCalls: [] };
}

/** The signs after one more report. */
export function noteReport(signs: SignsOfLife, report: AgentReport, now: number): SignsOfLife {
  if (report.type === 'ended' || report.type === 'exited') return noSigns(now);
  if (report.type !== 'progress') return { ...signs, reportedAt: now };
  const { event } = report;
  if (event.type === 'tool_started') {
    const remoteCalls = event.tool.startsWith('mcp__') ? [...signs.remoteCalls, event.tool_use_id] : signs.remoteCalls;
    return { reportedAt: now, toolsSince: signs.toolsSince ?? now, remoteCalls };
  }
  if (event.type !== 'tool_finished') return { ...signs, reportedAt: now };
  return { ...signs, reportedAt: now, remoteCalls: signs.remoteCalls.filter((id) => id !== event.tool_use_id) };
}
