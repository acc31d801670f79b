import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TurnRecord, UsageCounters } from '../driver.ts';
import { readCounters, totalCost, usageSince } from './usage.ts';

interface Block {
  type: string;
  text?: string;
}
interface Line {
  type: string;
  uuid?: string;
  isSidechain?: boolean;
  isMeta?: boolean;
  isApiErrorMessage?: boolean;
  message?: { content?: string | Block[]; model?: string; stop_reason?: string | null };
  modelUsage?: unknown;
}

/** Claude Code's own record of a conversation, a file of JSON lines. */
export interface Transcript {
  lines: Line[];
}

/** Finds and reads a conversation's transcript; null when Claude Code has none. A torn line is skipped. */
export async function readTranscript(configDir: string, conversationId: string): Promise<Transcript | null> {
  if (!/^[A-Za-z0-9-]+$/.test(conversationId)) return null;
  const projects = join(configDir, 'projects');
  const folders = await readdir(projects).catch(() => []);
  for (const folder of folders) {
    const text = await readFile(join(projects, folder, `${conversationId}.jsonl`), 'utf8').catch(() => null);
    if (text !== null) return { lines: text.split('\n').flatMap(parseLine) };
  }
  return null;
}

function parseLine(text: string): Line[] {
  if (text === '') return [];
  try {
    const line = JSON.parse(text) as unknown;
    return typeof line === 'object' && line !== null ? [line as Line] : [];
  } catch {
    return [];
  }
}

/** The totals that a process which resumes this conversation counts on from. */
export function savedCounters(transcript: Transcript): UsageCounters {
  const line = transcript.lines.findLast((each) => each.type === 'cost-state');
  return line === undefined ? {} : readCounters(line.modelUsage);
}

/**
 * What the transcript proves about one message's turn. `before` is where the counters of the process stood when the
 * turn began: with the totals that Claude saved after the turn they give its cost; without them the cost is unknown.
 */
export function inspectTurn(transcript: Transcript, messageId: string, before: UsageCounters): TurnRecord {
  const start = transcript.lines.findIndex((line) => line.type === 'user' && line.uuid === messageId);
  if (start === -1) return { found: 'nothing' };
  const after = transcript.lines.slice(start + 1);
  const next = after.findIndex(isPrompt);
  const turn = (next === -1 ? after : after.slice(0, next)).filter(
    (line) => line.type === 'assistant' && line.isSidechain !== true,
  );
  const written = turn.filter((line) => line.message?.model !== '<synthetic>');
  const spent = spentSince(next === -1 ? after : after.slice(0, next), before);
  const apiError = turn.findLast((line) => line.isApiErrorMessage === true);
  if (apiError !== undefined) {
    const failure = { code: 'TURN_FAILED', message: textOf(apiError) };
    return { found: 'finished', content: written.map(textOf).filter(Boolean).join('\n\n'), failure, ...spent };
  }
  const last = written.at(-1);
  if (last === undefined) return { found: 'nothing' };
  if (isFinal(last) && textOf(last) !== '')
    return { found: 'finished', content: textOf(last), failure: null, ...spent };
  return { found: 'partial', content: written.map(textOf).filter(Boolean).join('\n\n'), failure: null, ...spent };
}

function isPrompt(line: Line): boolean {
  if (line.type !== 'user' || line.isSidechain === true || line.isMeta === true) return false;
  const content = line.message?.content;
  return typeof content === 'string' || (content ?? []).every((block) => block.type !== 'tool_result');
}

function isFinal(line: Line): boolean {
  return ['end_turn', 'stop_sequence', 'max_tokens', 'refusal'].includes(line.message?.stop_reason ?? '');
}

function textOf(line: Line): string {
  const content = line.message?.content;
  if (typeof content === 'string') return content;
  return (content ?? [])
    .filter((block) => block.type === 'text')
    .map((block) => block.text ?? '')
    .join('');
}

function spentSince(
  lines: Line[],
  before: UsageCounters,
): Pick<TurnRecord & { found: 'partial' }, 'cost_nano' | 'usage'> {
  const saved = lines.findLast((line) => line.type === 'cost-state');
  const usage = saved === undefined ? null : usageSince(readCounters(saved.modelUsage), before);
  return usage === null ? { cost_nano: null, usage: [] } : { cost_nano: totalCost(usage), usage };
}
