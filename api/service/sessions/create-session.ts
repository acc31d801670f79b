import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { admit, giveBack } from '../../../db/queries/admissions.ts';
import { findUserByChannel } from '../../../db/queries/user-by-channel.ts';
import { publicSession } from '../../../db/queries/sessions.ts';
import type { FoundSession } from '../../../db/queries/sessions.ts';
import { errors, XswarmError } from '../../../domain/errors.ts';
import type { Session } from '../../../domain/service-data.ts';
import { hasEnded, isActive, takesMessages } from '../../../domain/session/session.ts';
import type { SessionOptions } from '../../../domain/session/session.ts';
import type { SessionFloor, SessionStart } from '../../../domain/session/session-workflows.ts';
import { narrowedOptions, permittedOptions } from '../../access/permitted-options.ts';
import { policy } from '../../access/policy.ts';
import type { SessionService } from '../service.ts';
import type { ServiceContext } from '../context.ts';
import { correctEnded } from './correct-ended.ts';
import { waitForEnd } from './end-session.ts';
import { connectingSnapshot, endedSnapshot } from './own-snapshot.ts';
import { waitFor } from '../wait-for.ts';

const SESSION_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const REVIVE_TRIES = 10;
const REVIVE_PAUSE_MS = 200;

/** Starts a session, or finds the one that the same call started before, and waits until its agent is up. */
export const makeCreateSession = (context: ServiceContext): SessionService['create'] =>
  async function create(caller, input, signal) {
    const { user_id, session_id = randomUUID(), title = null } = input;
    if (!SESSION_ID.test(session_id)) {
      throw errors.invalidRequest(
        `session_id: "${session_id.slice(0, 64)}" is not valid: use 1 to 128 characters of A-Z a-z 0-9 . _ : -`,
      );
    }
    const user =
      policy(caller, 'create_session', user_id) === 'allowed' ? findUserByChannel(context.db, 'id', user_id) : null;
    if (user === null) throw errors.userNotFound(user_id);
    const project_path = await context.projects.check(input.project_path);
    let found = context.sessions.find(session_id);
    if (found !== null) refuseOther(found, user_id, project_path);
    if (found !== null && isActive(found.status)) {
      if (!(await correctEnded(context, session_id))) return publicSession(found);
      found = context.sessions.find(session_id);
      // One that ended by itself is about to tell the mirror how.
      if (found === null || !hasEnded(found.status)) throw errors.sessionNotActive(session_id);
      refuseOther(found, user_id, project_path);
    }

    const options =
      found === null
        ? permittedOptions(user, input.options ?? {}, context.modes)
        : narrowedOptions(user, found.options, context.modes);
    const start = {
      session_id,
      user_id,
      project_path,
      title: found?.title ?? title,
      options: withDefaults(context.defaults, options),
    };
    admit(context.db, { session_id, user_id, project_path }, context.limits);
    if (found === null) {
      await context.mirror.write([{ type: 'session', snapshot: connectingSnapshot(start, new Date().toISOString()) }]);
    }
    const floor = found === null ? {} : { floor: floorOf(found) };
    const ended = found?.status === 'error' ? found : null;
    await startWorkflow(context, start, () =>
      untilStarted(context, ended, () => context.workflows.start(start, floor)),
    );
    return await connected(context, session_id, found?.status === 'error' ? found.version : -1, signal);
  };

/** Continues an ended session in a new run, under the same id, and waits until its agent is up. */
export const makeResume = (context: ServiceContext): SessionService['resume'] =>
  async function resume(caller, sessionId, signal) {
    let found = context.visible(caller, 'change_session', sessionId);
    if (!hasEnded(found.status)) {
      const isOver = found.version > 0 && (await correctEnded(context, sessionId));
      if (!isOver && takesMessages(found.status)) return publicSession(found);
      found = await endOf(context, sessionId);
    }
    const { user_id, title, options } = found;
    const user = findUserByChannel(context.db, 'id', user_id);
    if (user === null) throw errors.userNotFound(user_id);
    const project_path = await context.projects.check(found.project_path);
    admit(context.db, { session_id: sessionId, user_id, project_path }, context.limits);
    const start = {
      session_id: sessionId,
      user_id,
      project_path,
      title,
      options: withDefaults(context.defaults, narrowedOptions(user, options, context.modes)),
    };
    const floor = floorOf(found);
    const ended = found;
    await startWorkflow(context, start, () =>
      untilStarted(context, ended, () => context.workflows.resume(start, floor)),
    );
    return await connected(context, sessionId, found.version, signal);
  };

/** The session once it has ended. Throws `UNAVAILABLE` when that takes too long. */
async function endOf(context: ServiceContext, sessionId: string): Promise<FoundSession> {
  const ended = await waitForEnd(context, sessionId, context.waits.disconnectMs);
  if (ended !== null) return ended;
  throw new XswarmError('UNAVAILABLE', `Session is still disconnecting: ${sessionId}`, {
    details: { retry_after_seconds: 2 },
  });
}

/** The options with the defaults for what is not set; null and undefined are not set. */
function withDefaults(defaults: SessionStart['options'], options: SessionOptions = {}): SessionStart['options'] {
  const set = Object.entries(options).filter(([, value]) => value !== null && value !== undefined);
  return { ...defaults, ...Object.fromEntries(set) };
}

/**
 * What the mirror knows of a session whose workflow may be gone. The lease is the time in seconds: higher than any that was
 * counted, whatever the gateway saw last and whether or not it can be asked.
 */
function floorOf({ version, agent_seq, cost_nano, message_count, started_at }: FoundSession): SessionFloor {
  return { epoch: Math.floor(Date.now() / 1000), version, cursor: agent_seq, cost_nano, message_count, started_at };
}

/** The same call again is fine unless the session has ended; any other call with its id is not. */
function refuseOther(found: FoundSession, userId: string, projectPath: string): void {
  if (found.user_id !== userId || found.project_path !== projectPath) throw errors.sessionExists(found.id);
  if (found.status === 'disconnecting' || found.status === 'disconnected') throw errors.sessionNotActive(found.id);
}

/**
 * Starts the workflow. Where Temporal is away nothing is known about the start: the place stays taken until the
 * reconciler has asked. Any other error means that nothing runs.
 */
async function startWorkflow(context: ServiceContext, start: SessionStart, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof XswarmError && error.code === 'UNAVAILABLE') throw error;
    const session = context.sessions.find(start.session_id);
    giveBack(context.db, start.session_id);
    if (session !== null && error instanceof XswarmError && error.code === 'SESSION_NOT_ACTIVE') {
      await correctEnded(context, start.session_id);
    }
    const failure = { code: 'INTERNAL', message: 'The session could not be started' };
    if (session !== null && session.version <= 0) {
      const end = { status: 'error', reason: failure.message, failure } as const;
      await context.mirror.write([
        { type: 'session', snapshot: endedSnapshot(session, end, new Date().toISOString()) },
      ]);
    }
    throw error;
  }
}

/** A workflow reports its end to the mirror first and ends a moment later; only then a new run can begin. */
async function untilStarted(
  context: ServiceContext,
  ended: FoundSession | null,
  start: () => Promise<'started' | 'running'>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await start();
    if (outcome === 'started' || ended === null || tries === REVIVE_TRIES) return;
    if (context.sessions.find(ended.id)?.version !== ended.version) return;
    await delay(REVIVE_PAUSE_MS);
  }
}

async function connected(
  context: ServiceContext,
  sessionId: string,
  afterVersion: number,
  signal: AbortSignal | undefined,
): Promise<Session> {
  const session = await waitFor(context.bus, {
    sessionId,
    events: ['status'],
    timeoutMs: context.waits.connectMs,
    signal,
    look() {
      const now = context.sessions.find(sessionId);
      if (now === null || now.version <= afterVersion || now.status === 'connecting') return null;
      return now;
    },
  });
  if (session === null) throw errors.agentUnreachable(new Error('timed out'));
  if (isActive(session.status)) return publicSession(session);
  if (!hasEnded(session.status) || session.error === null) throw errors.sessionNotActive(sessionId);
  const { code, message } = session.error;
  if (code === 'SESSION_NOT_RESUMABLE') throw errors.sessionNotResumable(sessionId, message);
  throw code === 'PROJECT_PATH'
    ? new XswarmError('PROJECT_PATH', message)
    : errors.agentUnreachable(new Error(message));
}
