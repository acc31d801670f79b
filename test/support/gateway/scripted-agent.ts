import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { InteractionEnd } from '../../../domain/control/interaction.ts';
import type { MirrorWrite } from '../../../domain/mirror/mirror-write.ts';
import type {
  Asked,
  Lease,
  Received,
  ReleaseInput,
  SessionActivities,
  SettledTurn,
} from '../../../workflows/session-activities.ts';

export interface ScriptedAgent {
  activities: SessionActivities;
  /** Message ids in the order in which the gateway first took them. */
  carriedOut: string[];
  /** How often each activity was called. */
  calls: Record<keyof SessionActivities, number>;
  epochs: number[];
  /** How the agent was let go, and with which lease. */
  releases: { mode: ReleaseInput['mode']; epoch: number }[];
  writes: MirrorWrite[];
  /** Makes the next calls of an activity fail with this type; `Infinity` for all. */
  failNext(activity: keyof SessionActivities, type: string, times: number): void;
  /** Carries a message out as if a workflow task that was lost had handed it over. */
  takeUnseen(messageId: string): void;
  /** Settles a turn that the agent began by itself, which nobody hears of until somebody asks. */
  settleUnheard(): void;
  /** Whether the gateway stays away when an agent is to be let go. */
  away: boolean;
  /** Whether a connect hangs without a heartbeat, as on a worker that is gone. */
  silent: boolean;
  /** How long the first `send` of a session takes, by its id. */
  slowMs: Record<string, number>;
  /** How many of the next messages ask a person before they are carried out. */
  asksNext: number;
  /** What was decided, in the order in which it was delivered. */
  decisions: InteractionEnd[];
  /** Settles what waits for a person as an interrupt would: nobody hears of it until somebody asks. */
  interrupt(): void;
  /** Turns take this long. */
  thinkMs: number;
  /** Reports this many background tasks from the next turn on; 0 settles a turn of the agent itself. */
  setBackground(tasks: number): void;
}

/**
 * A gateway and its mirror as far as a workflow can see them: takes a message once per id, numbers its results,
 * and gives them again to whoever asks with an older cursor. It ends at our port `SessionActivities`.
 */
export function scriptedAgent(costNano = 1_000): ScriptedAgent {
  const carriedOut: string[] = [];
  const calls = { connect: 0, exchange: 0, send: 0, receive: 0, decide: 0, release: 0, mirror: 0 };
  const epochs: number[] = [];
  const releases: ScriptedAgent['releases'] = [];
  const writes: MirrorWrite[] = [];
  const decisions: InteractionEnd[] = [];
  const asking = new Map<string, Asked>();
  const unheard: string[] = [];
  const failures = new Map<string, { type: string; times: number }>();
  const results: SettledTurn[] = [];
  const dueAt = new Map<string, number>();
  let background = 0;
  let closed = false;

  function enter(activity: keyof SessionActivities): void {
    calls[activity] += 1;
    const failure = failures.get(activity);
    if (failure === undefined || failure.times <= 0) return;
    failure.times -= 1;
    const thrown = ApplicationFailure.create({ type: failure.type, message: `scripted ${failure.type}` });
    thrown.stack = '';
    throw thrown;
  }

  function settle(messageId: string | null): void {
    const seq = results.length + 1;
    results.push({
      seq,
      turn_id: `turn-${seq}`,
      message_id: messageId,
      outcome: closed ? 'failed' : 'done',
      failure: null,
      cost_nano: costNano,
      finished_at: new Date().toISOString(),
      preview: `answer ${seq}`,
      digest: '',
    });
  }

  function settleDue(): void {
    for (const [messageId, at] of dueAt) {
      if (!closed && at > Date.now()) continue;
      dueAt.delete(messageId);
      settle(messageId);
    }
  }

  function take(messageId: string): void {
    if (carriedOut.includes(messageId)) return;
    carriedOut.push(messageId);
    if (agent.asksNext === 0) return begin(messageId);
    agent.asksNext -= 1;
    asking.set(messageId, {
      interaction_id: randomUUID(),
      message_id: messageId,
      kind: 'permission',
      title: 'Bash: npm test',
      created_at: new Date().toISOString(),
      expires_at: null,
    });
    unheard.push(messageId);
  }

  function begin(messageId: string): void {
    dueAt.set(messageId, Date.now() + agent.thinkMs);
  }

  function settledAfter(cursor: number): Received {
    settleDue();
    return { turns: results.filter((turn) => turn.seq > cursor), cursor: results.length, background_tasks: background };
  }

  async function listen({ cursor }: Lease, messageId: string | null): Promise<Received> {
    for (;;) {
      const received = settledAfter(cursor);
      const asked = unheard.splice(0).flatMap((id) => asking.get(id) ?? []);
      if (asked.length > 0) return { ...received, asked };
      if (received.turns.length > 0 || (messageId === null && background === 0)) return received;
      heartbeat();
      await delay(5, undefined, { signal: cancellationSignal() });
    }
  }

  async function beSlow(sessionId: string): Promise<void> {
    const slowMs = agent.slowMs[sessionId] ?? 0;
    delete agent.slowMs[sessionId];
    if (slowMs > 0) await delay(slowMs);
  }

  const agent: ScriptedAgent = {
    carriedOut,
    calls,
    epochs,
    releases,
    writes,
    decisions,
    asksNext: 0,
    away: false,
    silent: false,
    slowMs: {},
    thinkMs: 0,
    settleUnheard: () => settle(null),
    interrupt() {
      for (const id of asking.keys()) settle(id);
      asking.clear();
    },
    takeUnseen(messageId) {
      carriedOut.push(messageId);
      settle(messageId);
    },
    failNext: (activity, type, times) => void failures.set(activity, { type, times }),
    setBackground(tasks) {
      if (background > 0 && tasks === 0) settle(null);
      background = tasks;
    },
    activities: {
      async connect({ lease, snapshot }) {
        enter('connect');
        if (agent.silent) await delay(60_000, undefined, { signal: cancellationSignal() });
        epochs.push(lease.epoch);
        writes.push({ type: 'session', snapshot });
        return { agent: 'simulator', simulated: true, at_least_once: false, background_tasks: background };
      },
      async exchange({ lease, message_id }) {
        enter('exchange');
        await beSlow(lease.session_id);
        take(message_id);
        return await listen(lease, message_id);
      },
      async send({ message_id }) {
        enter('send');
        take(message_id);
      },
      async receive({ lease, message_id }) {
        enter('receive');
        return await listen(lease, message_id);
      },
      async decide({ end }) {
        enter('decide');
        decisions.push(end);
        const isAsked = end.message_id !== null && asking.delete(end.message_id);
        if (isAsked && end.message_id !== null) begin(end.message_id);
        return isAsked;
      },
      async release({ lease, mode, snapshot }) {
        enter('release');
        releases.push({ mode, epoch: lease.epoch });
        const let_go = agent.away || mode === 'close' || background === 0;
        closed ||= !agent.away && mode === 'close';
        // As on a line, whoever listens hears it first.
        if (closed) await delay(20);
        if (let_go && snapshot !== null) writes.push({ type: 'session', snapshot });
        return { let_go, received: agent.away ? null : settledAfter(lease.cursor) };
      },
      async mirror(batch) {
        enter('mirror');
        for (const write of batch)
          await beSlow(write.type === 'session' ? write.snapshot.session_id : write.session_id);
        writes.push(...batch);
      },
    },
  };
  return agent;
}
