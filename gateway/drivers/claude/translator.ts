import type { ModelUsage } from '../../../domain/turn.ts';
import type { AgentReport, Conversation, CutCost, ProgressEvent, TurnEnd, UsageCounters } from '../driver.ts';
import { blocksOf, toolText } from './frames.ts';
import type { ClaudeFrame } from './frames.ts';
import { makeCallMeter, type ApiCall } from './api-calls.ts';
import { priceCut } from './cut-cost.ts';
import { makeExpectedPrompts } from './expected-prompts.ts';
import { shorten } from './permissions.ts';
import type { Rates } from './rates.ts';
import { noticeOf } from './frame-notice.ts';
import { callsBegun, callsEnded } from './tool-calls.ts';
import { outcomeOf } from './turn-outcome.ts';
import { bookResult, usageSince } from './usage.ts';

/** Turns Claude Code's frames into reports; knows which turn runs and what was booked. */
export interface Translator {
  /** A message that an answer is expected for, and the id of the prompt that Claude is given for it. */
  expect(messageId: string, promptId: string): void;
  take(frame: ClaudeFrame): void;
  deny(tool: string, toolUseId: string, summary: string): void;
  /** The process is gone: ends a turn that Claude had begun by itself. `totals` are what it saved at its end. */
  cut(totals: UsageCounters | null): void;
  readonly busy: boolean;
  /** Whether a turn runs that Claude began by itself. */
  readonly runsOwnTurn: boolean;
  /** The id that the conversation has now. */
  readonly conversationId: string;
  /** The API calls that no result has booked. */
  readonly unbooked: ApiCall[];
}

export function makeTranslator(start: Conversation, rates: Rates, report: (report: AgentReport) => void): Translator {
  const meter = makeCallMeter();
  let conversation = start;
  let busy = false;
  let beganAt: string | null = null;
  let current: string | null = null;
  let texts: string[] = [];
  const expected = makeExpectedPrompts();
  const booked = new Set<string>();
  const denied = new Set<string>();

  type WithoutTime<T> = T extends unknown ? Omit<T, 'timestamp'> : never;
  function progress(event: WithoutTime<ProgressEvent>): void {
    report({ type: 'progress', event: { timestamp: new Date().toISOString(), ...event } });
  }

  function setConversation(id: string): void {
    conversation = { ...conversation, id };
    report({ type: 'conversation', conversation });
  }

  function lifecycle(id: string, state: string): void {
    if (state === 'started') {
      busy = true;
      current = expected.messageOf(id);
      return;
    }
    if ((state !== 'completed' && state !== 'cancelled') || expected.messageOf(id) === null) return;
    if (busy) return expected.close(id);
    consume(id);
  }

  function consume(id: string): void {
    const message_id = expected.messageOf(id);
    expected.drop(id);
    if (message_id !== null) report({ type: 'consumed', message_id });
  }

  function beginTurn(frame: ClaudeFrame): void {
    busy = true;
    beganAt ??= new Date().toISOString();
    texts = [];
    // `/clear` gives a conversation a new id; the latest frame has it.
    if (frame.session_id !== undefined && frame.session_id !== conversation.id) setConversation(frame.session_id);
  }

  function assistant(frame: ClaudeFrame): void {
    const isAnswer = (frame.parent_tool_use_id ?? null) === null && frame.error === undefined;
    for (const { type, text } of isAnswer ? blocksOf(frame) : []) {
      if (type !== 'text' || !text) continue;
      texts.push(text);
      progress({ type: 'text', message_id: current, text });
    }
    for (const call of callsBegun(frame)) progress({ type: 'tool_started', message_id: current, ...call });
  }

  function toolResults(frame: ClaudeFrame): void {
    for (const call of callsEnded(frame)) progress({ type: 'tool_finished', message_id: current, ...call });
  }

  function system(frame: ClaudeFrame): void {
    if (frame.subtype === 'init') beginTurn(frame);
    if (frame.subtype === 'background_tasks_changed') {
      progress({ type: 'background', tasks: frame.tasks?.length ?? 0 });
    }
    if (frame.subtype === 'permission_denied') {
      deny(frame.tool_name ?? 'tool', frame.tool_use_id ?? '', shorten(toolText(frame.message)));
    }
  }

  function deny(tool: string, toolUseId: string, summary: string): void {
    if (denied.has(toolUseId)) return;
    denied.add(toolUseId);
    progress({ type: 'permission', message_id: current, tool, decision: 'denied', summary });
  }

  function result(frame: ClaudeFrame): void {
    if (frame.uuid !== undefined && booked.has(frame.uuid)) return;
    if (frame.uuid !== undefined) booked.add(frame.uuid);
    const { counters, ...delta } = bookResult(frame, conversation.counters);
    conversation = { ...conversation, counters, established: true };
    rates.learn(delta.usage);
    // Totals that fell back say nothing; the calls themselves were seen.
    const spent = delta.cost_nano === null ? estimate(null) : { ...delta, remark: null };
    const message_id = answered(frame);
    const end: TurnEnd = { message_id, ...outcomeOf(frame, texts), usage: spent.usage, cost_nano: spent.cost_nano };
    const began_at = endTurn();
    if (message_id !== null) expected.answered(message_id);
    report({ type: 'ended', end, conversation, remark: spent.remark, began_at });
    for (const id of expected.closed()) consume(id);
  }

  function estimate(saved: ModelUsage[] | null): CutCost {
    return priceCut({ saved, calls: meter.calls, unanswered: 0 }, rates);
  }

  /** When the turn that is over now began. */
  function endTurn(): string | null {
    const began = beganAt;
    busy = false;
    beganAt = null;
    current = null;
    texts = [];
    meter.clear();
    return began;
  }

  function answered(frame: ClaudeFrame): string | null {
    const ids = frame.user_message_uuids ?? (frame.user_message_uuid === undefined ? [] : [frame.user_message_uuid]);
    const known = ids.map((id) => expected.messageOf(id)).find((id) => id !== null);
    if (known !== undefined) return known;
    return ids.length === 0 && frame.origin === undefined ? current : null;
  }

  return {
    expect: (messageId, promptId) => expected.add(messageId, promptId),
    deny,
    get busy() {
      return busy;
    },
    get conversationId() {
      return conversation.id;
    },
    get unbooked() {
      return meter.calls;
    },
    get runsOwnTurn() {
      return busy && current === null;
    },
    cut(totals) {
      if (!busy || current !== null) return;
      const saved = totals === null ? null : usageSince(totals, conversation.counters);
      if (totals !== null && saved !== null) conversation = { ...conversation, counters: totals };
      const failure = { code: 'TURN_UNKNOWN', message: 'The agent ended while a turn of its own was running' };
      const { remark, ...spent } = estimate(saved);
      const end: TurnEnd = { message_id: null, outcome: 'unknown', content: texts.join('\n\n'), failure, ...spent };
      report({ type: 'ended', end, conversation, remark, began_at: endTurn() });
    },
    take(frame) {
      meter.take(frame);
      const notice = noticeOf(frame);
      if (notice !== null) progress({ type: 'notice', ...notice });
      switch (frame.type) {
        case 'command_lifecycle':
          return lifecycle(frame.command_uuid ?? '', frame.state ?? '');
        case 'system':
          return system(frame);
        case 'stream_event': {
          const delta = frame.event?.delta;
          if (delta?.type !== 'text_delta' || !delta.text || (frame.parent_tool_use_id ?? null) !== null) return;
          return report({ type: 'delta', message_id: current, text: delta.text });
        }
        case 'assistant':
          return assistant(frame);
        case 'user':
          return toolResults(frame);
        case 'result':
          return result(frame);
        default: // Claude Code adds frame types with every release
      }
    },
  };
}
