import type { ModelUsage } from '../../../domain/session/turn.ts';
import type { AgentReport, Conversation, CutCost, ProgressEvent, TurnEnd, UsageCounters } from '../driver.ts';
import { CallMeter } from './api-calls.ts';
import type { ApiCall } from './api-calls.ts';
import { priceCut } from './cut-cost.ts';
import { blocksOf, callsBegun, callsEnded, noticeOf, outcomeOf, toolText } from './frames.ts';
import type { ClaudeFrame } from './frames.ts';
import { shorten } from './permissions.ts';
import { bookResult, usageSince } from './usage.ts';

type WithoutTime<T> = T extends unknown ? Omit<T, 'timestamp'> : never;

/** Turns Claude Code's frames into reports. Knows which turn runs and what was booked. */
export class Translator {
  readonly #report: (report: AgentReport) => void;
  readonly #meter = new CallMeter();
  readonly #expected = new ExpectedPrompts();
  readonly #booked = new Set<string>();
  readonly #denied = new Set<string>();
  #conversation: Conversation;
  #busy = false;
  #beganAt: string | null = null;
  /** The message of the turn that runs; null for a turn that Claude began by itself. */
  #current: string | null = null;
  #texts: string[] = [];
  /** The message whose turn this process continues, until its result. */
  #resumed: string | null;

  /** `resumes`: the message whose turn goes on by itself; its first result carries no id of a message. */
  constructor(conversation: Conversation, report: (report: AgentReport) => void, resumes?: string) {
    this.#conversation = conversation;
    this.#report = report;
    this.#resumed = resumes ?? null;
    this.#current = this.#resumed;
    this.#busy = this.#resumed !== null;
  }

  /** Whether a turn runs. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Whether a turn runs that Claude began by itself. */
  get runsOwnTurn(): boolean {
    return this.#busy && this.#current === null;
  }

  /** The conversation's present id. */
  get conversationId(): string {
    return this.#conversation.id;
  }

  /** The API calls that no result has booked. */
  get unbooked(): ApiCall[] {
    return this.#meter.calls;
  }

  /** Expects an answer to a message, which Claude was sent as the prompt `promptId`. */
  expect(messageId: string, promptId: string): void {
    this.#expected.add(messageId, promptId);
  }

  take(frame: ClaudeFrame): void {
    this.#meter.take(frame);
    const notice = noticeOf(frame);
    if (notice !== null) this.#progress({ type: 'notice', ...notice });
    switch (frame.type) {
      case 'command_lifecycle':
        return this.#lifecycle(frame.command_uuid ?? '', frame.state ?? '');
      case 'system':
        return this.#system(frame);
      case 'stream_event': {
        const delta = frame.event?.delta;
        if (delta?.type !== 'text_delta' || !delta.text || (frame.parent_tool_use_id ?? null) !== null) return;
        return this.#report({ type: 'delta', message_id: this.#current, text: delta.text });
      }
      case 'assistant':
        return this.#assistant(frame);
      case 'user':
        for (const call of callsEnded(frame)) {
          this.#progress({ type: 'tool_finished', message_id: this.#current, ...call });
        }
        return;
      case 'result':
        return this.#result(frame);
      default: // Claude Code adds frame types with every release
    }
  }

  /** Reports that a tool call was denied, once for each call. */
  deny(tool: string, toolUseId: string, summary: string): void {
    if (this.#denied.has(toolUseId)) return;
    this.#denied.add(toolUseId);
    this.#progress({ type: 'permission', message_id: this.#current, tool, decision: 'denied', summary });
  }

  /** Ends a turn that Claude had begun by itself when the process is gone. `totals` is what Claude saved at its end. */
  cut(totals: UsageCounters | null): void {
    if (!this.runsOwnTurn) return;
    const saved = totals === null ? null : usageSince(totals, this.#conversation.counters);
    if (totals !== null && saved !== null) this.#conversation = { ...this.#conversation, counters: totals };
    const failure = { code: 'TURN_UNKNOWN', message: 'The agent ended while a turn of its own was running' };
    const { remark, ...spent } = this.#estimate(saved);
    const content = this.#texts.join('\n\n');
    const end: TurnEnd = { message_id: null, outcome: 'unknown', content, failure, ...spent };
    this.#report({ type: 'ended', end, conversation: this.#conversation, remark, began_at: this.#endTurn() });
  }

  #lifecycle(id: string, state: string): void {
    if (state === 'started') {
      this.#busy = true;
      this.#current = this.#expected.messageOf(id) ?? this.#resumed;
      return;
    }
    if ((state !== 'completed' && state !== 'cancelled') || this.#expected.messageOf(id) === null) return;
    if (this.#busy) return this.#expected.close(id);
    this.#consume(id);
  }

  #consume(id: string): void {
    const message_id = this.#expected.messageOf(id);
    this.#expected.drop(id);
    if (message_id !== null) this.#report({ type: 'consumed', message_id });
  }

  #system(frame: ClaudeFrame): void {
    if (frame.subtype === 'init') this.#beginTurn(frame);
    if (frame.subtype === 'background_tasks_changed') {
      this.#progress({ type: 'background', tasks: frame.tasks?.length ?? 0 });
    }
    if (frame.subtype === 'permission_denied') {
      this.deny(frame.tool_name ?? 'tool', frame.tool_use_id ?? '', shorten(toolText(frame.message)));
    }
  }

  #beginTurn(frame: ClaudeFrame): void {
    this.#busy = true;
    this.#beganAt ??= new Date().toISOString();
    this.#texts = [];
    // `/clear` starts a conversation with a new id; the latest frame carries it.
    if (frame.session_id === undefined || frame.session_id === this.#conversation.id) return;
    this.#conversation = { ...this.#conversation, id: frame.session_id };
    this.#report({ type: 'conversation', conversation: this.#conversation });
  }

  #assistant(frame: ClaudeFrame): void {
    const isAnswer = (frame.parent_tool_use_id ?? null) === null && frame.error === undefined;
    for (const { type, text } of isAnswer ? blocksOf(frame) : []) {
      if (type !== 'text' || !text) continue;
      this.#texts.push(text);
      this.#progress({ type: 'text', message_id: this.#current, text });
    }
    for (const call of callsBegun(frame)) {
      this.#progress({ type: 'tool_started', message_id: this.#current, ...call });
    }
  }

  #result(frame: ClaudeFrame): void {
    if (frame.uuid !== undefined && this.#booked.has(frame.uuid)) return;
    if (frame.uuid !== undefined) this.#booked.add(frame.uuid);
    const { counters, ...delta } = bookResult(frame, this.#conversation.counters);
    this.#conversation = { ...this.#conversation, counters, established: true };
    // Totals that fell back do not show the cost; the calls themselves were seen.
    const { remark, ...spent } = delta.cost_nano === null ? this.#estimate(null) : { ...delta, remark: null };
    const message_id = this.#answered(frame);
    const end: TurnEnd = { message_id, ...outcomeOf(frame, this.#texts), ...spent };
    const began_at = this.#endTurn();
    if (message_id !== null) this.#expected.answered(message_id);
    if (frame.stop_reason === 'tool_deferred') {
      return this.#report({ type: 'waiting', end, conversation: this.#conversation, remark });
    }
    this.#report({ type: 'ended', end, conversation: this.#conversation, remark, began_at });
    for (const id of this.#expected.closed()) this.#consume(id);
  }

  #answered(frame: ClaudeFrame): string | null {
    const ids = frame.user_message_uuids ?? (frame.user_message_uuid === undefined ? [] : [frame.user_message_uuid]);
    const known = ids.map((id) => this.#expected.messageOf(id)).find((id) => id !== null);
    if (known !== undefined) return known;
    if (this.#resumed !== null) return this.#resumed;
    return ids.length === 0 && frame.origin === undefined ? this.#current : null;
  }

  #estimate(saved: ModelUsage[] | null): CutCost {
    return priceCut({ saved, calls: this.#meter.calls, unanswered: 0 });
  }

  /** Returns when the turn that is now over began. */
  #endTurn(): string | null {
    const began = this.#beganAt;
    this.#busy = false;
    this.#beganAt = null;
    this.#current = null;
    this.#resumed = null;
    this.#texts = [];
    this.#meter.clear();
    return began;
  }

  #progress(event: WithoutTime<ProgressEvent>): void {
    this.#report({ type: 'progress', event: { timestamp: new Date().toISOString(), ...event } });
  }
}

/** The messages that wait for an answer, by the ids of the prompts that Claude was sent for them. */
class ExpectedPrompts {
  readonly #messages = new Map<string, string>();
  readonly #closed = new Set<string>();

  add(messageId: string, promptId: string): void {
    this.#messages.set(promptId, messageId);
  }

  /** The message of a prompt; null for a prompt that is not ours. */
  messageOf(promptId: string): string | null {
    return this.#messages.get(promptId) ?? null;
  }

  /** Claude closed a prompt without a result so far, while a turn runs. */
  close(promptId: string): void {
    this.#closed.add(promptId);
  }

  /** The prompts that were closed and have no answer yet. */
  closed(): string[] {
    return [...this.#closed];
  }

  /** A message is answered: none of its prompts is expected after that. */
  answered(messageId: string): void {
    for (const [promptId, message] of this.#messages) if (message === messageId) this.drop(promptId);
  }

  /** Forgets a prompt that gets no answer. */
  drop(promptId: string): void {
    this.#messages.delete(promptId);
    this.#closed.delete(promptId);
  }
}
