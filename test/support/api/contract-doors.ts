import type { ApiOptions } from '../../../api/options.ts';
import type { ApiServer } from '../../../api/server.ts';
import { makeGatewayStandIn } from '../temporal/workflows-stand-in.ts';
import { openDoors } from './open-doors.ts';
import { openRealDoors } from './open-real-doors.ts';
import { piecesOf, scriptedAnswer } from './scripted-answer.ts';

/** The two services that the contract tests run against. */
export const SERVICES = ['the service in memory', 'the service over SQLite'] as const;

/** The doors in front of either service, with the users `alice` and `bob` and the administrator `root`. */
export interface ContractDoors {
  api: ApiServer;
  /** Where the contract's paths begin. */
  base: string;
  /** A folder that exists. */
  project: string;
  tokens: Record<'alice' | 'bob' | 'root', string>;
  /** How many turns have begun to answer. */
  turns(): number;
  /** Ends a session as its idle timeout does. */
  timeOut(sessionId: string): Promise<void>;
  /** Adds a notice to a session's stream. */
  note(sessionId: string, text: string): Promise<void>;
  /** Whether Temporal can be reached from now on. */
  setTemporalAway(isAway: boolean): void;
  /** Whether agents can be reached from now on. */
  setAgentsAway(isAway: boolean): void;
  close(): Promise<void>;
}

/** Opens the doors in front of one of the services; messages are answered by `scriptedAnswer`. */
export async function openContractDoors(
  service: (typeof SERVICES)[number],
  options: Partial<ApiOptions> = {},
  limits: { maxSessions?: number; queueDepth?: number } = {},
): Promise<ContractDoors> {
  return service === 'the service in memory' ? await inMemory(options, limits) : await overSqlite(options, limits);
}

async function inMemory(options: Partial<ApiOptions>, limits: { maxSessions?: number }): Promise<ContractDoors> {
  const doors = await openDoors(options, limits);
  return {
    ...doors,
    project: '/p',
    tokens: { alice: 'token-alice', bob: 'token-bob', root: 'token-root' },
    timeOut: async (sessionId) => doors.end(sessionId, 'Idle timeout'),
    async note(sessionId, text) {
      doors.streams.add(sessionId, { type: 'notice', level: 'info', text, timestamp: new Date().toISOString() });
    },
    setTemporalAway: (isAway) => doors.notReady(isAway ? 'Temporal' : null),
    close: () => doors.api.close(),
  };
}

async function overSqlite(options: Partial<ApiOptions>, limits: { maxSessions?: number }): Promise<ContractDoors> {
  const closers: (() => unknown)[] = [];
  const after = (close: () => unknown): void => void closers.push(close);
  const doors = await openRealDoors({ after }, options, {
    gateway: { ...makeGatewayStandIn(), interrupt: async () => false },
    limits: { maxSessions: 1_000, maxSessionsPerUser: 1_000, queueDepth: 1_000, ...limits },
  });
  const { users, workflows, deps } = doors;
  users.add({ id: 'alice' });
  users.add({ id: 'root', admin: true });
  let turns = 0;
  workflows.reply = async (_sessionId, { content }) => {
    const answer = await scriptedAnswer(content);
    if (answer !== null) turns += 1;
    return answer;
  };
  workflows.speak = (session_id, message_id, content) => {
    for (const text of piecesOf(content)) {
      deps.bus.publish({ user_id: null, frame: { kind: 'delta', session_id, message_id, text } });
    }
  };
  return {
    ...doors,
    tokens: {
      alice: users.createToken('alice').secret,
      bob: doors.tokens.bob,
      root: users.createToken('root').secret,
    },
    turns: () => turns,
    timeOut: (sessionId) => workflows.reap(sessionId),
    note: (sessionId, text) => workflows.note(sessionId, text),
    setTemporalAway: (isAway) => void (workflows.away = isAway ? 'before' : null),
    setAgentsAway(isAway) {
      workflows.connectFailure = isAway ? { code: 'AGENT_UNREACHABLE', message: 'away' } : null;
    },
    async close() {
      for (const close of closers.reverse()) await close();
    },
  };
}
