import { errors } from '../../../domain/errors.ts';
import type { Mirror, SessionSnapshot } from '../../../domain/mirror/mirror-write.ts';
import type { Failure } from '../../../domain/session/session.ts';
import type {
  GatewayControl,
  SessionFloor,
  SessionStart,
  SessionWorkflows,
} from '../../../domain/session/session-workflows.ts';
import type { Interaction } from '../../../domain/control/interaction.ts';
import { answer as answerTo, ask, noInteractions, withdrawAll } from '../../../workflows/state/session-interactions.ts';
import type { AgentEvent } from '../../../domain/session/event.ts';
import type { SessionInteractions } from '../../../workflows/state/session-interactions.ts';
import type { AgentMessage, TurnResult } from '../../../domain/session/turn.ts';
import { snapshotOf, turnOf, usageOf } from '../histories.ts';

interface Run {
  isTerminated?: boolean;
  start: SessionStart;
  version: number;
  seq: number;
  running: boolean;
  taken: string[];
}

/** Sessions that live in memory instead of Temporal: each call is told to the mirror as the worker would. */
export interface WorkflowsStandIn extends SessionWorkflows {
  /** Ids of the messages that were signalled, repeats included. */
  signals: string[];
  starts: string[];
  /** Set: agents cannot be had. */
  connectFailure: Failure | null;
  /** Set: Temporal does not answer; `after` lets the call have its effect nevertheless. */
  away: 'before' | 'after' | null;
  /** False: messages are accepted and stay where they are. */
  answers: boolean;
  /** What is special about the turn that answers a message; null leaves the message where it is. */
  reply(sessionId: string, message: AgentMessage): Promise<Partial<TurnResult> | null>;
  /** Sessions that do not end by `reap`. */
  busy: Set<string>;
  /** Ids of the sessions whose people reported that they are there. */
  present: string[];
  /** Temporal has no workflow of the session any more. */
  forget(sessionId: string): void;
  /** An operator ended the workflow in Temporal: nobody tells the mirror. */
  terminate(sessionId: string): void;
  /** What the agent says before the turn ends, as text that is not stored. */
  speak(sessionId: string, messageId: string, content: string): void;
  /** The agent of a session reports a notice. */
  note(sessionId: string, text: string): Promise<void>;
  /** A session asks a person. */
  ask(interaction: Interaction): void;
  /** Resolves once everything that its calls caused is written. */
  settled(): Promise<void>;
}

/** Makes workflows that answer each message with `answer to …` for 2,000,001 nano-dollars. */
export function makeWorkflowsStandIn(mirror: Mirror): WorkflowsStandIn {
  const runs = new Map<string, Run>();
  const asking = new Map<string, SessionInteractions>();
  const underway = new Set<Promise<void>>();

  /** Does it after the call that caused it has been answered, as another process would. */
  function later(effect: () => Promise<void>): void {
    const done = new Promise<void>((resolve) => setImmediate(resolve)).then(effect);
    const forget = (): void => void underway.delete(done);
    underway.add(done);
    done.then(forget, forget);
  }

  function runOf(sessionId: string): Run {
    const run = runs.get(sessionId);
    if (run === undefined) throw errors.sessionNotFound(sessionId);
    if (!run.running) throw errors.sessionNotActive(sessionId);
    return run;
  }

  async function show(run: Run, over: Partial<SessionSnapshot>): Promise<void> {
    run.version += 1;
    const now = new Date().toISOString();
    const snapshot = snapshotOf({ ...run.start, version: run.version, started_at: now, last_activity: now, ...over });
    await mirror.write([{ type: 'session', snapshot }]);
  }

  async function end(run: Run, over: Partial<SessionSnapshot>): Promise<void> {
    run.running = false;
    await show(run, { ended_at: new Date().toISOString(), ...over });
  }

  async function take(sessionId: string, message: AgentMessage): Promise<void> {
    const run = runOf(sessionId);
    standIn.signals.push(message.message_id);
    if (run.taken.includes(message.message_id)) return;
    run.taken.push(message.message_id);
    if (standIn.answers) later(() => answer(run, message));
  }

  async function answer(run: Run, message: AgentMessage): Promise<void> {
    const { session_id } = run.start;
    const { message_id } = message;
    const special = await standIn.reply(session_id, message);
    if (special === null) return;
    const timestamp = new Date().toISOString();
    const cost_nano = special.cost_nano ?? 2_000_001;
    const turn = turnOf({
      turn_id: `turn-${message_id}`,
      message_id,
      content: `answer to ${message.content.slice(0, 50)}`,
      cost_nano,
      usage: [usageOf('claude-sonnet-5', cost_nano)],
      finished_at: timestamp,
      ...special,
    });
    const report = async (...events: AgentEvent[]): Promise<void> =>
      await mirror.write(events.map((event) => ({ type: 'agent', session_id, seq: ++run.seq, event })));
    await report({ type: 'accepted', timestamp, ...message });
    standIn.speak(session_id, message_id, turn.content);
    if (turn.content !== '') await report({ type: 'text', timestamp, message_id, text: turn.content });
    await report({ type: 'result', timestamp, turn });
  }

  async function whileAway<T>(effect: () => Promise<T>): Promise<T> {
    if (standIn.away === 'before') throw errors.unavailable('Temporal');
    const result = await effect();
    if (standIn.away === 'after') throw errors.unavailable('Temporal');
    return result;
  }

  function begin(start: SessionStart, floor: SessionFloor | undefined): 'started' | 'running' {
    const known = runs.get(start.session_id);
    if (known?.running === true) return 'running';
    const version = Math.max(known?.version ?? 0, floor?.version ?? 0);
    const run = { seq: floor?.cursor ?? 0, taken: [], ...known, version, start, running: true, isTerminated: false };
    runs.set(start.session_id, run);
    standIn.starts.push(start.session_id);
    const failure = standIn.connectFailure;
    later(() => (failure === null ? show(run, {}) : end(run, { status: 'error', reason: failure.message, failure })));
    return 'started';
  }

  const standIn: WorkflowsStandIn = {
    signals: [],
    starts: [],
    connectFailure: null,
    away: null,
    answers: true,
    reply: async () => ({}),
    speak: () => undefined,
    busy: new Set(),
    present: [],
    forget: (sessionId) => void runs.delete(sessionId),
    terminate(sessionId) {
      const run = runOf(sessionId);
      run.running = false;
      run.isTerminated = true;
    },
    async note(session_id, text) {
      const event = { type: 'notice', timestamp: new Date().toISOString(), level: 'info', text } as const;
      await mirror.write([{ type: 'agent', session_id, seq: ++runOf(session_id).seq, event }]);
    },
    async settled() {
      while (underway.size > 0) await Promise.all(underway);
    },
    start: (start, { floor } = {}) =>
      whileAway(async () => {
        if (runs.get(start.session_id)?.isTerminated === true) throw errors.sessionNotActive(start.session_id);
        return begin(start, floor);
      }),
    resume: (start, floor) => whileAway(async () => begin(start, floor)),
    presence: (sessionId) =>
      whileAway(async () => {
        runOf(sessionId);
        standIn.present.push(sessionId);
      }),
    answer: (sessionId, given) =>
      whileAway(async () => {
        const asked = asking.get(sessionId) ?? noInteractions();
        runOf(sessionId);
        const { state, outcome } = answerTo(asked, given, new Date().toISOString());
        asking.set(sessionId, state);
        return outcome;
      }),
    ask(interaction) {
      asking.set(interaction.session_id, ask(asking.get(interaction.session_id) ?? noInteractions(), interaction));
    },
    submit: (sessionId, message) => whileAway(() => take(sessionId, message)),
    submitStored: (sessionId, messageId) => whileAway(async () => take(sessionId, await mirror.readBody(messageId))),
    disconnect: (sessionId, reason) =>
      whileAway(async () => {
        const run = runOf(sessionId);
        later(() => end(run, { status: 'disconnected', reason }));
      }),
    withdraw: (sessionId, reason) =>
      whileAway(async () => {
        runOf(sessionId);
        const asked = asking.get(sessionId);
        if (asked !== undefined) asking.set(sessionId, withdrawAll(asked, reason, new Date().toISOString()));
      }),
    reap: (sessionId) =>
      whileAway(async () => {
        const run = runOf(sessionId);
        if (!standIn.busy.has(sessionId)) later(() => end(run, { status: 'disconnected', reason: 'Idle timeout' }));
      }),
    ledger: async (session_id) => ({
      session_id,
      status: 'active',
      cost_nano: 0,
      message_count: 0,
      queue: [],
      current: null,
      asked: (asking.get(session_id)?.open ?? []).map(({ interaction_id }) => interaction_id),
    }),
    listRunning: async () => [...runs.values()].filter((run) => run.running).map((run) => run.start.session_id),
    describe: async (sessionId) => {
      const run = runs.get(sessionId);
      if (run === undefined) return 'unknown';
      if (run.running) return 'running';
      return run.isTerminated === true ? 'failed' : 'ended';
    },
    ping: () => whileAway(async () => undefined),
  };
  return standIn;
}

/** A gateway that runs nothing. */
export function makeGatewayStandIn(): GatewayControl & { interrupted: [sessionId: string, messageId?: string][] } {
  const interrupted: [sessionId: string, messageId?: string][] = [];
  return {
    interrupted,
    async interrupt(...asked) {
      interrupted.push(asked);
      return true;
    },
    projectSettings: async () => null,
    ping: async () => ({ agent: 'simulator', simulated: true, exactly_once: true, running_agents: 0 }),
  };
}
