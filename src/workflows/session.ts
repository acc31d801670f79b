import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { nanoToUsd } from '../domain/money.ts';
import type { SessionStart } from '../domain/session-workflows.ts';
import { idleAt, timeoutAt, wallClockAt } from './deadlines.ts';
import { disconnect, getLedger, getRecord, NEXT_RUN, reap, searchAttributes, submitMessage } from './definitions.ts';
import { detailsMarkdown } from './details.ts';
import { failureOf, failureType, isWorkerAway } from './failures.ts';
import { reportDropped, reportRefused } from './reports.ts';
import { firstConnect, mirror, receive, reconnect, release, send } from './proxies.ts';
import type { Received, Released } from './session-activities.ts';
import type { SessionState } from './session-state.ts';
import * as session from './session-state.ts';

/** What a run of the workflow begins with: a new session, or the state that an earlier run left. */
export interface SessionInput {
  start?: SessionStart;
  state?: SessionState;
  /** Events after which a run hands over to the next one. */
  budget_events: number;
  queue_depth: number;
}

/** How often one message is handed over anew before the session gives up: each time after a fresh connection. */
const SEND_TRIES = 10;
/** How long a session that ends waits for the gateway to settle the turn that runs. */
const CLOSE_WAIT = '15s';

/** One Claude Code session: takes messages one at a time until it is disconnected, idle for too long, or broken. */
export async function sessionWorkflow(input: SessionInput): Promise<SessionState> {
  let state = initialState(input);
  let idleDue = false;
  let receiving = false;
  let receiveFailure: unknown = null;

  const update = (next: SessionState): void => {
    state = next;
    setCurrentDetails(detailsMarkdown(state));
  };

  setHandler(submitMessage, (message) => update(session.accept(state, message, now(), input.queue_depth)), {
    description: 'a message for Claude; a known message_id is dropped',
  });
  setHandler(disconnect, ({ reason }) => update(session.close(state, reason)), {
    description: 'end the session; the first reason stays',
  });
  setHandler(
    reap,
    () => {
      if (session.isQuiet(state) && Date.now() >= timeoutAt(state)) update(session.close(state, 'Idle timeout'));
    },
    { description: 'end the session if it is past its idle timeout now' },
  );
  setHandler(getLedger, () => ({
    session_id: state.session_id,
    status: state.status,
    cost_nano: state.cost_nano,
    message_count: state.message_count,
    queue: state.queue.map((message) => message.message_id),
    current: state.current?.message_id ?? null,
  }));
  setHandler(getRecord, () => session.recordOf(state));
  CancellationScope.current().cancelRequested.catch(() => update(session.close(state, 'Cancelled in Temporal')));

  /** Opens a connection. The tries are the agent's: what ran out while no worker was there is begun anew. */
  async function connect(): Promise<void> {
    for (;;) {
      try {
        return await connectOnce();
      } catch (error) {
        if (!isWorkerAway(error) || !patched('worker-away')) throw error;
        log.warn('no worker was there to connect, connecting again');
      }
    }
  }

  /** Opens a connection with a new lease; a session that is to end meanwhile does not wait for it. */
  async function connectOnce(): Promise<void> {
    update(session.beginConnect(state));
    const connectNow = state.epoch === 1 ? firstConnect.connect : reconnect.connect;
    const attempt = new CancellationScope();
    const opening = attempt.run(() =>
      connectNow.executeWithOptions({ summary: `lease ${state.epoch}` }, [
        { attachment: session.attachmentOf(state), snapshot: { ...session.snapshotOf(state), status: 'active' } },
      ]),
    );
    let open = false;
    const settled = opening.then(
      (peer) => {
        open = true;
        update(session.connected(state, peer));
      },
      (error: unknown) => {
        open = true;
        if (!isCancellation(error)) throw error;
      },
    );
    await Promise.race([settled, condition(() => open || state.closing !== null)]);
    if (!open) attempt.cancel();
    await settled;
    if (state.connected) showStatus(state);
  }

  /** Listens until something is settled, in the background; one at a time. */
  function listen(): void {
    if (receiving) return;
    receiving = true;
    receiveFailure = null;
    const awaited = state.current?.message_id ?? null;
    receive
      .executeWithOptions({ summary: awaited === null ? 'background tasks' : `answer to ${awaited}` }, [
        { attachment: session.attachmentOf(state), message_id: awaited },
      ])
      .then(
        (received) => {
          update(session.book(state, received, now()));
          dropSettled(received);
        },
        (error: unknown) => {
          receiveFailure = error;
          update(session.lost(state));
        },
      )
      .finally(() => {
        receiving = false;
      });
  }

  /** Takes out of the queue what was settled before it was begun: beginning it would wait for a result that was booked. */
  function dropSettled(received: Received): void {
    const rest = session.withoutSettled(state, received);
    if (rest !== state && patched('settled-in-queue')) update(rest);
  }

  /** Carries one message out: sent once the agent is up, sent again (the gateway knows its id) when the line broke. */
  async function runTurn(): Promise<void> {
    for (let attempt = 1; state.current !== null && state.closing === null; attempt += 1) {
      if (!state.connected) await connect();
      if (!state.connected) return;
      const { message_id, content, context } = state.current;
      try {
        await send({ attachment: session.attachmentOf(state), message_id, content, context });
      } catch (error) {
        if (attempt >= SEND_TRIES) throw error;
        log.warn('send failed, connecting again', { type: failureType(error) });
        update(session.lost(state));
        continue;
      }
      while (state.connected && state.current !== null && state.closing === null) {
        listen();
        await condition(() => !receiving || state.closing !== null);
      }
      if (!state.connected && attempt >= SEND_TRIES) throw receiveFailure;
    }
  }

  /** Version 0.1.0's first histories have no result of a release. */
  function takeReleased(released: Released | undefined): void {
    if (released === undefined) return;
    update(session.released(state, released, now()));
    if (released.received !== null) dropSettled(released.received);
  }

  async function goIdle(): Promise<void> {
    const before = state;
    update(session.idled(state));
    const released = await release.executeWithOptions({ summary: 'idle: agent let go' }, [
      {
        attachment: session.attachmentOf(before),
        mode: 'idle',
        reason: 'idle',
        snapshot: session.snapshotOf(state),
      },
    ]);
    takeReleased(released);
    showStatus(state);
  }

  /** Fires when the session was quiet for `idle_after_seconds`; lazy: re-armed on firing, never per message. */
  async function idleClock(): Promise<void> {
    for (;;) {
      await condition(() => state.status === 'active' && !idleDue);
      const due = idleAt(state);
      if (due === null) return;
      await sleep(Math.max(1, session.isQuiet(state) ? due - Date.now() : due - Date.parse(state.last_activity)), {
        summary: 'idle check',
      });
      idleDue = state.status === 'active' && session.isQuiet(state) && Date.now() >= (idleAt(state) ?? Infinity);
    }
  }

  /** Ends the session that was quiet for `idle_timeout_seconds`. */
  async function timeoutClock(): Promise<void> {
    for (;;) {
      const wait = session.isQuiet(state) ? timeoutAt(state) - Date.now() : state.options.idle_timeout_seconds * 1000;
      await sleep(Math.max(1, wait), { summary: 'idle timeout check' });
      if (!session.isQuiet(state) || Date.now() < timeoutAt(state)) continue;
      update(session.close(state, 'Idle timeout'));
      return;
    }
  }

  async function wallClock(): Promise<void> {
    const due = wallClockAt(state);
    if (due === null) return;
    await sleep(Math.max(1, due - Date.now()), { summary: 'time limit' });
    update(session.close(state, 'Time limit'));
  }

  /** Ends: the agent is let go, what runs or waits is reported, the mirror is told. */
  async function end(): Promise<SessionState> {
    if (state.status !== 'idle') {
      update(session.disconnecting(state));
      await mirror([{ type: 'session', snapshot: session.snapshotOf(state) }]);
      if (state.current !== null) listen();
      const releasing = release.executeWithOptions({ summary: `closing: ${state.reason ?? ''}` }, [
        { attachment: session.attachmentOf(state), mode: 'close', reason: state.reason ?? '', snapshot: null },
      ]);
      await releasing.then(takeReleased, (error: unknown) => log.warn('release failed', { type: failureType(error) }));
      await condition(() => state.current === null || !receiving, CLOSE_WAIT);
    }
    update(session.disconnected(state, now()));
    await reportEnd();
    return finish();
  }

  async function giveUp(error: unknown): Promise<SessionState> {
    update(session.broken(state, failureOf(error), now()));
    await reportEnd();
    return finish();
  }

  async function reportEnd(): Promise<void> {
    const reports = reportDropped(state, now());
    update(session.noteUnsent(state, reports));
    await mirror([...reports, { type: 'session', snapshot: session.snapshotOf(state) }]);
  }

  /** Reports messages that came while the end was being written, then returns what a later start goes on from. */
  async function finish(): Promise<SessionState> {
    update(session.dropAll(state));
    showStatus(state);
    await flushRefused();
    return state;
  }

  async function flushRefused(): Promise<void> {
    while (state.refused.length > 0) {
      const reports = reportRefused(state, now());
      const flushed = state.refused.length;
      await mirror(reports);
      update({ ...session.noteUnsent(state, reports), refused: state.refused.slice(flushed) });
    }
  }

  const hasWork = (): boolean =>
    state.closing !== null ||
    state.queue.length > 0 ||
    state.refused.length > 0 ||
    idleDue ||
    (state.background_tasks > 0 && !receiving) ||
    isOverBudget();
  const isOverBudget = (): boolean => workflowInfo().historyLength >= input.budget_events;

  async function live(): Promise<SessionState> {
    background(idleClock());
    background(timeoutClock());
    background(wallClock());
    if (state.epoch === 0 || state.status === 'connecting') await connect();
    for (;;) {
      if (state.closing !== null) return await end();
      await flushRefused();
      if (isOverBudget()) {
        log.debug(NEXT_RUN);
        return await continueAsNew<typeof sessionWorkflow>({ ...input, start: undefined, state });
      }
      if (state.queue.length > 0 || state.current !== null) {
        if (state.current === null) update(session.beginTurn(state));
        await runTurn();
        continue;
      }
      if (idleDue) {
        idleDue = false;
        if (state.status === 'active' && session.isQuiet(state)) await goIdle();
        continue;
      }
      if (state.background_tasks > 0) {
        if (!state.connected) await connect();
        if (state.connected) listen();
      }
      await condition(hasWork);
    }
  }

  update(state);
  return await CancellationScope.nonCancellable(async () => {
    try {
      return await live();
    } catch (error) {
      if (failureType(error) === null) throw error;
      return await giveUp(error);
    }
  });
}

function initialState(input: SessionInput): SessionState {
  if (input.state === undefined) {
    if (input.start === undefined) throw new Error('A session needs a start or a state');
    return session.newSession(input.start, now());
  }
  return input.state.status === 'error' ? session.revived(input.state, now()) : input.state;
}

/** Puts what the list of the Web UI shows into the search attributes: one event, so only when the status changes. */
function showStatus(state: SessionState): void {
  upsertSearchAttributes([
    { key: searchAttributes.status, value: state.status },
    { key: searchAttributes.costUsd, value: nanoToUsd(state.cost_nano) },
  ]);
}

/** Runs a clock beside the main loop; it ends with the run, and only a bug makes it fail. */
function background(clock: Promise<void>): void {
  clock.catch((error: unknown) => log.error('a clock stopped', { error: String(error) }));
}

function now(): string {
  return new Date().toISOString();
}
