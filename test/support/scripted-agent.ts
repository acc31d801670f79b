import { setTimeout as delay } from 'node:timers/promises';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { MirrorWrite } from '../../src/domain/mirror-write.ts';
import type { Received, SessionActivities, SettledTurn } from '../../src/workflows/session-activities.ts';

export interface ScriptedAgent {
  activities: SessionActivities;
  /** Message ids in the order in which the gateway first took them. */
  carriedOut: string[];
  /** How often each activity was called. */
  calls: Record<keyof SessionActivities, number>;
  epochs: number[];
  writes: MirrorWrite[];
  /** Makes the next calls of an activity fail with this type; `Infinity` for all. */
  failNext(activity: keyof SessionActivities, type: string, times: number): void;
  /** Carries a message out as if a workflow task that was lost had handed it over. */
  takeUnseen(messageId: string): void;
  /** Whether a connect hangs without a heartbeat, as on a worker that is gone. */
  silent: boolean;
  /** How long the first `send` of a session takes, by its id. */
  slowSendMs: Record<string, number>;
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
  const calls = { connect: 0, send: 0, receive: 0, release: 0, mirror: 0 };
  const epochs: number[] = [];
  const writes: MirrorWrite[] = [];
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

  const agent: ScriptedAgent = {
    carriedOut,
    calls,
    epochs,
    writes,
    silent: false,
    slowSendMs: {},
    thinkMs: 0,
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
      async connect({ attachment, snapshot }) {
        enter('connect');
        if (agent.silent) await delay(60_000, undefined, { signal: cancellationSignal() });
        epochs.push(attachment.epoch);
        writes.push({ type: 'session', snapshot });
        return { agent: 'simulator', simulated: true, at_least_once: false, background_tasks: background };
      },
      async send({ attachment, message_id }) {
        enter('send');
        const slowMs = agent.slowSendMs[attachment.session_id] ?? 0;
        delete agent.slowSendMs[attachment.session_id];
        if (slowMs > 0) await delay(slowMs);
        if (carriedOut.includes(message_id)) return;
        carriedOut.push(message_id);
        dueAt.set(message_id, Date.now() + agent.thinkMs);
      },
      async receive({ attachment, message_id }): Promise<Received> {
        enter('receive');
        for (;;) {
          settleDue();
          const turns = results.filter((turn) => turn.seq > attachment.cursor);
          if (turns.length > 0 || (message_id === null && background === 0)) {
            return { turns, cursor: results.length, background_tasks: background };
          }
          heartbeat();
          await delay(5, undefined, { signal: cancellationSignal() });
        }
      },
      async release({ attachment, mode, snapshot }) {
        enter('release');
        const busy = mode === 'idle' && background > 0;
        if (busy)
          return { let_go: false, received: { turns: [], cursor: attachment.cursor, background_tasks: background } };
        closed ||= mode === 'close';
        if (snapshot !== null) writes.push({ type: 'session', snapshot });
        return { let_go: true, received: null };
      },
      async mirror(batch) {
        enter('mirror');
        writes.push(...batch);
      },
    },
  };
  return agent;
}
