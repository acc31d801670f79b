import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XswarmError } from '../../../domain/errors.ts';
import type { ModelUsage } from '../../../domain/session/turn.ts';
import type { Conversation, CutCost, TurnRecord, UsageCounters } from '../driver.ts';
import { apiCall, mergeCalls } from './api-calls.ts';
import type { ApiCall } from './api-calls.ts';
import { priceCut } from './cut-cost.ts';
import type { TokenCounts } from './frames.ts';
import { readCounters, usageSince } from './usage.ts';

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
  message?: {
    id?: string;
    content?: string | Block[];
    model?: string;
    stop_reason?: string | null;
    usage?: TokenCounts;
  };
  modelUsage?: unknown;
  /** Of an `api-request` line: the request's own id, which the lines of its answer name as `requestRef`. */
  id?: string;
  requestRef?: string;
}

/** Claude Code's own record of a conversation, a file of JSON lines. */
export interface Transcript {
  lines: Line[];
}

/**
 * Finds and reads a conversation's transcript; null when Claude Code has none. A torn line is skipped.
 * Throws `AGENT_UNREACHABLE` when it cannot be read: that is no proof that nothing is in it.
 */
export async function readTranscript(configDir: string, conversationId: string): Promise<Transcript | null> {
  if (!/^[A-Za-z0-9-]+$/.test(conversationId)) return null;
  const projects = join(configDir, 'projects');
  const folders = (await ifThere(readdir(projects))) ?? [];
  for (const folder of folders) {
    const text = await ifThere(readFile(join(projects, folder, `${conversationId}.jsonl`), 'utf8'));
    if (text !== null) return { lines: text.split('\n').flatMap(parseLine) };
  }
  return null;
}

async function ifThere<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new XswarmError('AGENT_UNREACHABLE', `Claude Code's record cannot be read: ${message}`, { cause: error });
  }
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

/** The totals that a process which resumes this conversation counts on from; null when none were saved. */
export function savedCounters(transcript: Transcript): UsageCounters | null {
  const line = transcript.lines.findLast((each) => each.type === 'cost-state');
  return line === undefined ? null : readCounters(line.modelUsage);
}

/**
 * What the transcript proves about one message's turn, and the turn's cost: from the totals that Claude saved after it, or
 * otherwise from the tokens of its calls. `promptIds` are the ids under which the message may have been sent; `seen` are the
 * calls that were seen in the stream.
 */
export function inspectTurn(
  transcript: Transcript,
  promptIds: readonly string[],
  { counters, booked_lines = 0 }: Pick<Conversation, 'counters' | 'booked_lines'>,
  seen: ApiCall[],
): TurnRecord {
  const isOwn = (line: Line): boolean => line.type === 'user' && promptIds.includes(line.uuid ?? '');
  const start = transcript.lines.findIndex(isOwn);
  const recorded = start !== -1;
  const after = recorded ? transcript.lines.slice(start + 1) : [];
  const next = after.findIndex((line) => isPrompt(line) && !isOwn(line));
  const lines = next === -1 ? after : after.slice(0, next);
  const fresh = { lines: lines.slice(Math.max(0, booked_lines - start - 1)) };
  const totals = savedCounters(fresh);
  const saved = totals === null ? null : usageSince(totals, counters);
  const booked = { counters: saved === null ? counters : totals!, booked_lines: transcript.lines.length };
  const spent = { ...spentIn(fresh.lines, saved, seen), recorded, booked };
  const turn = lines.filter((line) => line.type === 'assistant' && line.isSidechain !== true);
  const written = turn.filter((line) => !isSynthetic(line));
  const apiError = turn.findLast((line) => line.isApiErrorMessage === true);
  if (apiError !== undefined) {
    const failure = { code: 'TURN_FAILED', message: textOf(apiError) };
    return { found: 'finished', content: written.map(textOf).filter(Boolean).join('\n\n'), failure, ...spent };
  }
  const last = written.at(-1);
  if (last === undefined) return { found: 'nothing', ...spent };
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

function isSynthetic(line: Line): boolean {
  return line.message?.model === '<synthetic>';
}

function spentIn(lines: Line[], saved: ModelUsage[] | null, seen: ApiCall[]): CutCost {
  const answers = lines.filter((line) => line.type === 'assistant' && !isSynthetic(line));
  const recorded = mergeCalls([], answers.flatMap(callOf));
  const calls = mergeCalls(recorded, seen);
  const answered = new Set(answers.map((line) => line.requestRef));
  const open = lines.filter((line) => line.type === 'api-request' && !answered.has(line.id)).length;
  return priceCut({ saved, calls, unanswered: Math.max(0, open - (calls.length - recorded.length)) });
}

function callOf({ message }: Line): ApiCall[] {
  if (message?.id === undefined || message.usage === undefined) return [];
  return [apiCall(message.id, message.model ?? 'unknown', message.usage, (message.stop_reason ?? null) !== null)];
}
