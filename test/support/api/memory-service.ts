import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ShownInteraction } from '../../../domain/control/interaction.ts';
import { errors } from '../../../domain/errors.ts';
import { isActive, takesMessages } from '../../../domain/session/session.ts';
import type { SessionStatus } from '../../../domain/session/session.ts';
import type { Caller, HistoryMessage, MessageState, Session, SessionService } from '../../../api/service/service.ts';
import { piecesOf, scriptedAnswer } from './scripted-answer.ts';
import { memoryStreams } from './memory-streams.ts';
import type { MemoryStreams } from './memory-streams.ts';

/** The service in memory, and what a test does to it from behind. */
export interface MemoryService {
  service: SessionService;
  streams: MemoryStreams;
  /** Ends a session as its idle timeout would. */
  end(sessionId: string, reason: string, status?: SessionStatus): void;
  /** What `ready()` throws from now on. */
  notReady(what: string | null): void;
  /** Whether agents can be reached from now on. */
  setAgentsAway(isAway: boolean): void;
  /** How many messages were carried out. */
  turns(): number;
}

const now = (): string => new Date().toISOString();

/** A stand-in that ends at our port. Messages are answered by `scriptedAnswer`. */
export function memoryService(options: { users: string[]; maxSessions?: number; queueDepth?: number }): MemoryService {
  const { users, maxSessions = 1_000, queueDepth = 1_000 } = options;
  const streams = memoryStreams();
  const sessions = new Map<string, Session>();
  const history: HistoryMessage[] = [];
  const states = new Map<string, { state: MessageState; body: string; done: Promise<void> }>();
  /** What sessions asked: a message that begins with `ask` asks for permission, under its own id. */
  const asked = new Map<string, ShownInteraction>();
  let unready: string | null = null;
  let agentsAway = false;
  let turns = 0;

  const maySee = (caller: Caller, userId: string): boolean => caller.admin || caller.user_id === userId;
  const find = (caller: Caller, id: string): Session => {
    const session = sessions.get(id);
    if (session === undefined || !maySee(caller, session.user_id)) throw errors.sessionNotFound(id);
    return session;
  };
  const knownUser = (caller: Caller, id: string): void => {
    if (!users.includes(id) || !maySee(caller, id)) throw errors.userNotFound(id);
  };
  const ownerOf = ({ session_id }: ShownInteraction): string => sessions.get(session_id)?.user_id ?? '';
  const end = (id: string, reason: string, status: SessionStatus = 'disconnected'): void => {
    const session = sessions.get(id);
    if (session === undefined || !takesMessages(session.status)) return;
    Object.assign(session, { status, is_active: false, reason, ended_at: now() });
    streams.add(id, { type: 'status', timestamp: now(), status, reason });
    streams.add(id, { type: 'closed', timestamp: now(), status, reason });
  };
  const record = (
    session: Session,
    entry: Pick<HistoryMessage, 'id' | 'direction' | 'message'> & Partial<HistoryMessage>,
  ) =>
    history.push({
      session_id: session.id,
      timestamp: now(),
      cost_usd: null,
      status: 'done',
      context: null,
      reply_to: null,
      usage: [],
      ...entry,
    });

  const carryOut = async (session: Session, state: MessageState, text: string): Promise<void> => {
    const [word, argument = ''] = text.split(' ');
    if (word === 'ask') {
      const detail = {
        tool: 'Bash',
        input: { command: argument },
        summary: argument,
        reason: 'asks',
        blocked_path: null,
      };
      asked.set(state.message_id, {
        interaction_id: state.message_id,
        session_id: session.id,
        message_id: state.message_id,
        kind: 'permission',
        status: 'open',
        number: asked.size + 1,
        title: `Bash: ${argument}`,
        detail: { ...detail, suggestions: [] },
        created_at: now(),
        expires_at: null,
        answer: null,
        answered_by: null,
        answered_via: null,
        answered_at: null,
        withdrawn_reason: null,
      });
    }
    const answer = await scriptedAnswer(text);
    if (answer === null) return await new Promise(() => undefined);
    turns += 1;
    const { outcome, content, failure, cost_nano } = answer;
    const { message_id } = state;
    const cost_usd = cost_nano / 1e9;
    const turnId = randomUUID();
    const timestamp = now();
    streams.add(session.id, { type: 'sent', timestamp, message_id });
    for (const piece of piecesOf(content)) streams.delta(session.id, message_id, piece);
    if (content !== '') streams.add(session.id, { type: 'text', timestamp, message_id, text: content });
    const error = failure ?? undefined;
    Object.assign(state, {
      status: outcome,
      content,
      cost_usd,
      timestamp,
      error,
      response_id: turnId,
      simulated: true,
    });
    const sum = Number(((session.cost_usd ?? 0) + cost_usd).toFixed(9));
    session.cost_usd = sum;
    record(session, {
      id: turnId,
      direction: 'from_claude',
      message: content,
      cost_usd,
      status: outcome,
      reply_to: message_id,
      simulated: true,
    });
    const about = { message_id, outcome, content, cost_usd, simulated: true } as const;
    streams.add(session.id, { type: 'result', timestamp, turn_id: turnId, ...about, error });
    streams.add(session.id, { type: 'cost', timestamp, cost_usd: sum, message_count: session.message_count });
  };

  const sumOf = (seen: Session[]): { cost_usd: number; session_count: number; message_count: number } => {
    const sum = (of: (one: Session) => number): number => seen.reduce((total, one) => total + of(one), 0);
    const cost_usd = Number(sum((one) => one.cost_usd ?? 0).toFixed(9));
    return { cost_usd, session_count: seen.length, message_count: sum((one) => one.message_count) };
  };

  const service: SessionService = {
    async create(caller, input) {
      knownUser(caller, input.user_id);
      if (input.project_path.includes('missing')) throw errors.projectPathNotFound(input.project_path);
      if (agentsAway) throw errors.agentUnreachable();
      const id = input.session_id ?? randomUUID();
      const there = sessions.get(id);
      if (there !== undefined) {
        const isSame = there.user_id === input.user_id && there.project_path === input.project_path;
        if (!isSame) throw errors.sessionExists(id);
        if (!takesMessages(there.status)) throw errors.sessionNotActive(id);
        return there;
      }
      if ([...sessions.values()].filter((one) => isActive(one.status)).length >= maxSessions) {
        throw errors.maxSessions(maxSessions);
      }
      const session: Session = {
        id,
        user_id: input.user_id,
        project_path: input.project_path,
        status: 'active',
        is_active: true,
        cost_usd: 0,
        started_at: now(),
        ended_at: null,
        message_count: 0,
        last_activity: now(),
        title: input.title ?? null,
        options: { idle_after_seconds: 60, idle_timeout_seconds: 300, ...input.options },
        reason: null,
        error: null,
        agent: 'simulator',
        simulated: true,
        at_least_once: false,
        queued: 0,
        running: null,
        waiting: null,
      };
      sessions.set(id, session);
      streams.add(id, { type: 'status', timestamp: now(), status: 'connecting' });
      streams.add(id, { type: 'status', timestamp: now(), status: 'active' });
      return session;
    },
    async list(caller, filter) {
      const seen = [...sessions.values()]
        .reverse()
        .filter(
          (one) =>
            maySee(caller, one.user_id) &&
            one.user_id === (filter.user_id ?? one.user_id) &&
            one.status === (filter.status ?? one.status),
        );
      const from = Number(filter.cursor ?? 0);
      const items = seen.slice(from, from + filter.limit);
      return { items, next_cursor: from + filter.limit < seen.length ? String(from + filter.limit) : null };
    },
    get: async (caller, id) => find(caller, id),
    async submit(caller, id, input) {
      const session = find(caller, id);
      const messageId = input.message_id ?? (input.idempotency_key ? `${id}/${input.idempotency_key}` : randomUUID());
      const before = states.get(messageId);
      if (before !== undefined) {
        if (before.body !== input.message) throw errors.idempotencyMismatch(input.idempotency_key ?? messageId);
        return { ...before.state };
      }
      if (!takesMessages(session.status)) throw errors.sessionNotActive(id);
      if (
        [...states.values()].filter(({ state }) => state.session_id === id && state.status === 'queued').length >=
        queueDepth
      ) {
        throw errors.queueFull(id);
      }
      const state: MessageState = { message_id: messageId, session_id: id, status: 'queued', timestamp: now() };
      session.message_count += 1;
      record(session, {
        id: messageId,
        direction: 'to_claude',
        message: input.message,
        context: input.context ?? null,
      });
      streams.add(id, { type: 'queued', timestamp: now(), message_id: messageId, content: input.message });
      const done = Promise.resolve().then(() => carryOut(session, state, input.message));
      states.set(messageId, { state, body: input.message, done });
      return { ...state };
    },
    async settled(caller, id, messageId, waitMs, signal) {
      const { state, done } = states.get(messageId) ?? {
        state: await service.message(caller, id, messageId),
        done: null,
      };
      const over = new AbortController();
      const stop = (): void => over.abort();
      signal?.addEventListener('abort', stop);
      await Promise.race([done, sleep(waitMs, undefined, { signal: over.signal }).catch(() => undefined)]);
      stop();
      signal?.removeEventListener('abort', stop);
      return { ...state };
    },
    async message(caller, id, messageId) {
      find(caller, id);
      const found = states.get(messageId);
      if (found?.state.session_id !== id) throw errors.messageNotFound(messageId);
      return { ...found.state };
    },
    async history(caller, id, page) {
      const rows = history.filter((one) => one.session_id === find(caller, id).id);
      if (page.order === 'desc') rows.reverse();
      const from = Number(page.cursor ?? 0);
      const next = from + page.limit < rows.length ? String(from + page.limit) : null;
      return { items: rows.slice(from, from + page.limit), next_cursor: next };
    },
    async search(caller, query) {
      const seen = history.filter((one) => maySee(caller, sessions.get(one.session_id)?.user_id ?? ''));
      return seen
        .filter((one) => one.message.includes(query.q))
        .reverse()
        .slice(0, query.limit);
    },
    interrupt: async (caller, id) => find(caller, id).message_count > 99,
    async disconnect(caller, id, reason) {
      end(find(caller, id).id, reason);
      const { reason: first, ended_at } = find(caller, id);
      return { reason: first ?? reason, timestamp: ended_at ?? now() };
    },
    cleanup: async () => 0,
    async resume(caller, id) {
      const session = find(caller, id);
      if (takesMessages(session.status)) return session;
      if (session.project_path.includes('forgotten')) throw errors.sessionNotResumable(id, 'the conversation is gone');
      Object.assign(session, { status: 'active', is_active: true, reason: null, ended_at: null });
      streams.add(id, { type: 'status', timestamp: now(), status: 'active' });
      return session;
    },
    async presence(caller, id) {
      if (!takesMessages(find(caller, id).status)) throw errors.sessionNotActive(id);
    },
    async inbox(caller, { status = 'open' }) {
      const items = [...asked.values()].filter((one) => one.status === status && maySee(caller, ownerOf(one)));
      return { items, next_cursor: null };
    },
    async interaction(caller, id) {
      const found = asked.get(id);
      if (found === undefined || !maySee(caller, ownerOf(found))) throw errors.interactionNotFound(id);
      return found;
    },
    async answer(caller, id, answer, via) {
      const found = await service.interaction(caller, id);
      const given = { status: 'answered', answer, answered_by: caller.user_id ?? 'local', answered_via: via };
      return Object.assign(found, given, { answered_at: now() });
    },
    async userCost(caller, userId, filter) {
      knownUser(caller, userId);
      const sum = sumOf([...sessions.values()].filter((one) => one.user_id === userId));
      return { ...sum, ...(filter.group_by === undefined ? {} : { groups: [] }) };
    },
    async totalCost(caller) {
      if (caller.via === 'token' && !caller.admin) throw errors.forbidden('Only an admin may see what all users cost');
      return sumOf([...sessions.values()]);
    },
    async costs(caller) {
      const seen = [...sessions.values()].filter((one) => maySee(caller, one.user_id));
      const { cost_usd, message_count } = sumOf(seen);
      const tokens = { input_tokens: 0, output_tokens: 0, cache_read_tokens: 0, cache_creation_tokens: 0 };
      const total = { cost_usd, certainty: 'reported' as const, message_count, unknown_count: 0, ...tokens };
      return { rows: [{ key: now().slice(0, 10), ...total }], total };
    },
    async route(_caller, input) {
      if (!users.includes(input.from)) throw errors.userNotFound(input.from);
      return { routed: false, user_id: input.from, action: 'handled_by_assistant', reason: 'No word about a project' };
    },
    async events(caller, id, { before = Infinity, after = 0, limit }) {
      const seen = streams.events(find(caller, id).id).filter(({ seq }) => seq > after && seq < before);
      return before === Infinity ? seen.slice(0, limit) : seen.slice(-limit);
    },
    async *watch(caller, id, after, signal) {
      const { id: sessionId } = find(caller, id);
      const backfill = streams.events(sessionId).slice(after);
      const isOfSession = (frame: { kind: string } & Parameters<Parameters<MemoryStreams['follow']>[0]>[0]): boolean =>
        (frame.kind === 'event' ? frame.event.session_id : frame.session_id) === sessionId;
      yield* streams.follow(isOfSession, backfill, signal);
    },
    async *watchAll(caller, signal) {
      const summaries = ['status', 'result', 'cost', 'closed'];
      const frames = streams.follow(
        (frame) => frame.kind === 'event' && summaries.includes(frame.event.type),
        [],
        signal,
      );
      for await (const frame of frames) {
        if (frame.kind === 'delta' || !maySee(caller, sessions.get(frame.event.session_id)?.user_id ?? '')) continue;
        yield frame.event.type === 'result' ? { ...frame, event: { ...frame.event, content: '' } } : frame;
      }
    },
    async ready() {
      if (unready !== null) throw errors.unavailable(unready);
    },
  };

  return {
    service,
    streams,
    end,
    notReady: (what) => void (unready = what),
    setAgentsAway: (isAway) => void (agentsAway = isAway),
    turns: () => turns,
  };
}
