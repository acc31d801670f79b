import fc from 'fast-check';
import type { AgentEvent } from '../../domain/session/event.ts';
import type { MirrorWrite, SessionSnapshot } from '../../domain/mirror/mirror-write.ts';
import type { SessionStatus } from '../../domain/session/session.ts';
import type { TurnOutcome, TurnResult } from '../../domain/session/turn.ts';

const START = Date.parse('2024-01-15T10:00:00.000Z');

/** The time `seconds` after the beginning of every generated history. */
export function at(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

/** A snapshot of session `s-1` of user `u-1`. */
export function snapshotOf(over: Partial<SessionSnapshot> = {}): SessionSnapshot {
  return {
    session_id: 's-1',
    version: 1,
    user_id: 'u-1',
    project_path: '/projects/one',
    title: null,
    options: { idle_after_seconds: 60, idle_timeout_seconds: 300 },
    status: 'active',
    reason: null,
    failure: null,
    agent: 'simulator',
    simulated: true,
    at_least_once: false,
    started_at: at(0),
    ended_at: null,
    last_activity: at(0),
    ...over,
  };
}

/** A turn that answered message `m-1` of one model. */
export function turnOf(over: Partial<TurnResult> = {}): TurnResult {
  const cost_nano = over.cost_nano === undefined ? 3_000_001 : over.cost_nano;
  return {
    turn_id: 't-1',
    message_id: 'm-1',
    outcome: 'done',
    content: 'On branch main',
    failure: null,
    cost_nano,
    usage: [usageOf('claude-sonnet-5', cost_nano ?? 0)],
    agent: 'simulator',
    simulated: true,
    started_at: at(1),
    finished_at: at(2),
    ...over,
  };
}

/** Tokens of one model at a price. */
export function usageOf(model: string, cost_nano: number): TurnResult['usage'][number] {
  return { model, input_tokens: 1000, output_tokens: 100, cache_read_tokens: 5, cache_creation_tokens: 7, cost_nano };
}

/** What the mirror is told of one message from its acceptance to its answer, with event numbers from `seq`. */
export function exchange(
  sessionId: string,
  number: number,
  seq: number,
  turn: Partial<TurnResult> = {},
): MirrorWrite[] {
  const message = { message_id: `${sessionId}-m-${number}`, content: `question ${number}` };
  const timestamp = at(number * 10);
  const result = turnOf({
    turn_id: `${sessionId}-t-${number}`,
    message_id: message.message_id,
    content: `answer ${number}`,
    finished_at: at(number * 10 + 5),
    ...turn,
  });
  const event = (offset: number, body: AgentEvent): MirrorWrite => ({
    type: 'agent',
    session_id: sessionId,
    seq: seq + offset,
    event: body,
  });
  return [
    { type: 'queued', session_id: sessionId, timestamp, message },
    event(0, { type: 'accepted', timestamp, ...message }),
    event(1, { type: 'text', timestamp, message_id: message.message_id, text: result.content }),
    event(2, { type: 'result', timestamp: result.finished_at, turn: result }),
  ];
}

const outcome = fc.constantFrom<TurnOutcome>('done', 'failed', 'unknown');
const cost = fc.option(fc.integer({ min: 0, max: 5_000_000_000 }));
const status = fc.constantFrom<SessionStatus>('active', 'idle');

/** A lawful history of one session, in the order in which it happened. */
export const history: fc.Arbitrary<MirrorWrite[]> = fc
  .record({
    turns: fc.array(fc.record({ outcome, cost, models: fc.integer({ min: 0, max: 2 }), unasked: fc.boolean() }), {
      maxLength: 6,
    }),
    statuses: fc.array(status, { maxLength: 4 }),
    unsent: fc.boolean(),
  })
  .map(({ turns, statuses, unsent }) => {
    const writes: MirrorWrite[] = [{ type: 'session', snapshot: snapshotOf() }];
    let seq = 1;
    for (const [index, turn] of turns.entries()) {
      const models = ['model-a', 'model-b'].slice(0, turn.models);
      const usage = models.map((model) => usageOf(model, Math.floor((turn.cost ?? 0) / 2)));
      const failure = turn.outcome === 'done' ? null : { code: 'TURN_FAILED', message: 'no' };
      const message = turn.unasked ? { message_id: null } : {};
      const part = exchange('s-1', index, seq, { ...turn, cost_nano: turn.cost, usage, failure, ...message });
      writes.push(
        ...part.filter((write) => !turn.unasked || isResult(write)).map((write) => renumber(write, () => seq++)),
      );
    }
    for (const [index, next] of statuses.entries()) {
      writes.push({
        type: 'session',
        snapshot: snapshotOf({ version: index + 2, status: next, last_activity: at(index) }),
      });
    }
    if (unsent) writes.push(...dropped());
    return writes;
  });

function isResult(write: MirrorWrite): boolean {
  return write.type === 'agent' && write.event.type === 'result';
}

function renumber(write: MirrorWrite, next: () => number): MirrorWrite {
  return write.type === 'agent' ? { ...write, seq: next() } : write;
}

/** A message that the session's end cut off: settled without the agent. */
function dropped(): MirrorWrite[] {
  const message = { message_id: 'm-dropped', content: 'too late' };
  const failure = { code: 'SESSION_NOT_ACTIVE', message: 'Not sent' };
  const turn = turnOf({
    turn_id: 'm-dropped:failed',
    message_id: 'm-dropped',
    outcome: 'failed',
    failure,
    content: '',
    cost_nano: 0,
    usage: [],
  });
  return [
    { type: 'queued', session_id: 's-1', timestamp: at(500), message },
    { type: 'settled', session_id: 's-1', turn },
    {
      type: 'session',
      snapshot: snapshotOf({ version: 50, status: 'disconnected', reason: 'User requested', ended_at: at(600) }),
    },
  ];
}
