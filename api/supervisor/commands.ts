import { toConnected, toSessionCost } from '../service/present.ts';
import type { Caller, SessionService } from '../service/service.ts';
import { isSettled, turnAnswer, waitForTurn } from '../service/wait-for-turn.ts';
import { isActive } from '../../domain/session/session.ts';
import type { EndNotices } from './end-notices.ts';
import type { Answer, Command, CommandType } from './frames.ts';
import type { Lanes } from './lanes.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What the commands of one connection work with. */
export interface CommandDeps {
  service: SessionService;
  lanes: Lanes;
  notices: EndNotices;
  subscriptions: Subscriptions;
  maxWaitMs: number;
  /** Aborts when the connection is gone. */
  signal: AbortSignal;
}

/** Carries out one command and replies once; not at all when the connection went away while it waited. */
type Handler<T extends CommandType> = (
  command: Command<T>,
  caller: Caller,
  reply: (answer: Answer) => void,
) => Promise<void> | void;
/** A handler for each command but `auth`, which the connection itself decides. */
export type Handlers = { [T in Exclude<CommandType, 'auth'>]: Handler<T> };

const USER_REQUESTED = 'User requested';

/** Makes the handlers of one connection. Commands of one session whose order matters stand in its lane. */
export function makeHandlers({ service, lanes, notices, subscriptions, maxWaitMs, signal }: CommandDeps): Handlers {
  return {
    ping: (_command, _caller, reply) => reply({ type: 'pong' }),

    async claude_code_connect(command, caller, reply) {
      const { session_id, project_path, user_id, title, options } = command;
      const input = { session_id, project_path, user_id, title, options };
      const connect = async (): Promise<void> => {
        const session = await service.create(caller, input, signal);
        reply({ type: 'claude_code_connected', ...toConnected(session) });
        notices.followOpen(session.id);
      };
      await (session_id === undefined ? connect() : lanes.run(session_id, connect));
    },

    async claude_code_message({ session_id, message, context, message_id }, caller, reply) {
      const input = { message, context, message_id, idempotency_key: null };
      let state = await lanes.run(session_id, () => service.submit(caller, session_id, input));
      while (!isSettled(state)) {
        state = await waitForTurn(service, caller, state, maxWaitMs, signal);
        if (signal.aborted) return;
      }
      reply({ type: 'claude_code_response', session_id, ...turnAnswer(state) });
    },

    async claude_code_disconnect({ session_id, reason }, caller, reply) {
      const disconnect = () => service.disconnect(caller, session_id, reason ?? USER_REQUESTED);
      const ended = await lanes.run(session_id, () => notices.duringOwnDisconnect(session_id, disconnect));
      reply({ type: 'claude_code_disconnected', session_id, reason: ended.reason, timestamp: ended.timestamp });
    },

    async claude_code_resume({ session_id }, caller, reply) {
      await lanes.run(session_id, async () => {
        const session = await service.resume(caller, session_id, signal);
        reply({ type: 'claude_code_connected', ...toConnected(session) });
        notices.followOpen(session.id);
      });
    },

    async presence({ session_id }, caller, reply) {
      await service.presence(caller, session_id);
      reply({ type: 'presence_noted', session_id });
    },

    async interrupt({ session_id, message_id }, caller, reply) {
      reply({ type: 'interrupted', session_id, interrupted: await service.interrupt(caller, session_id, message_id) });
    },

    async answer_interaction({ interaction_id, type: _type, request_id: _requestId, ...answer }, caller, reply) {
      reply({ type: 'interaction', ...(await service.answer(caller, interaction_id, answer, 'socket')) });
    },

    async list_inbox({ user_id }, caller, reply) {
      const { items } = await service.inbox(caller, { user_id, status: 'open', limit: 200 });
      reply({ type: 'inbox', interactions: items });
    },

    async get_session_status({ session_id }, caller, reply) {
      const session = await service.get(caller, session_id);
      reply({ type: 'session_status', ...toSessionCost(session, Date.now()), is_active: isActive(session.status) });
    },

    async subscribe({ session_id, after_seq }, caller, reply) {
      await lanes.run(session_id, () => service.get(caller, session_id));
      subscriptions.reserve(session_id);
      reply({ type: 'subscribed', session_id, after_seq: after_seq ?? 0 });
      notices.follow(session_id);
      subscriptions.start(caller, session_id, after_seq ?? 0);
    },

    unsubscribe({ session_id }, _caller, reply) {
      reply({ type: 'unsubscribed', session_id, was_subscribed: subscriptions.stop(session_id) });
    },
  };
}
