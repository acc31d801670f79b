import type { AgentEvent } from '../../domain/session/event.ts';
import type { JournalSession } from '../../domain/session/session-record.ts';
import type { AgentMessage } from '../../domain/session/turn.ts';
import type { Conversation } from '../drivers/driver.ts';
import type { AgentOptions } from '../../protocol/agent-protocol.ts';
import type { JournalDb } from './open-journal.ts';

/** What the gateway knows of a session between processes. */
export interface SessionRow {
  session_id: string;
  epoch: number;
  project_path: string;
  options: AgentOptions;
  conversation: Conversation;
  state: 'open' | 'closed';
  created_at: string;
}

/** A message's turn. `running` is written before the agent gets the message. */
export interface TurnRow {
  session_id: string;
  message_id: string;
  turn_id: string;
  state: 'accepted' | 'running' | 'finished';
  /** How often it was handed to an agent. */
  attempts: number;
  accepted_seq: number;
  result_seq: number | null;
  started_at: string | null;
  /** What earlier attempts of this turn cost, as JSON; null when there were none. */
  carried: string | null;
  /** The tool call that waits for a person while no agent runs; null in any other case. */
  waits_for: string | null;
}

/** A tool call that a person is asked about, and what was decided. */
export interface CallRow {
  session_id: string;
  tool_use_id: string;
  interaction_id: string;
  tool: string;
  /** JSON. */
  input: string;
  /** JSON; null while it is open. */
  answer: string | null;
  /** 1 once the agent was told: from then on the tool may have run. */
  used: 0 | 1;
}

/** An agent process that was started; `pid_started` is the system's start stamp, so that a reused pid is not ours. */
export interface AgentRow {
  agent_id: string;
  session_id: string;
  pid: number | null;
  pid_started: string | null;
  started_at: string;
}

export interface NumberedEvent {
  seq: number;
  event: AgentEvent;
}

/** Typed statements on the journal. Each call is one statement; `transaction` makes several one. */
export interface Journal {
  session(sessionId: string): SessionRow | null;
  /** The first `limit` sessions with a greater id, by id. */
  sessionsAfter(sessionId: string, limit: number): JournalSession[];
  saveSession(row: SessionRow): void;
  saveConversation(sessionId: string, conversation: Conversation): void;
  turn(sessionId: string, messageId: string): TurnRow | null;
  unfinishedTurns(sessionId: string): TurnRow[];
  insertTurn(turn: TurnRow): void;
  saveTurn(turn: TurnRow): void;
  finishTurn(sessionId: string, messageId: string, resultSeq: number): void;
  lastSeq(sessionId: string): number;
  insertEvent(sessionId: string, seq: number, event: AgentEvent): void;
  /** The next events, at most `limit` and at most some megabytes of them; none only at the end. */
  events(sessionId: string, afterSeq: number, limit: number): NumberedEvent[];
  /** The events of one message's turn so far, without `accepted`. */
  turnEvents(sessionId: string, acceptedSeq: number, messageId: string): AgentEvent[];
  /** A call that is known stays as it is. */
  insertCall(call: CallRow): void;
  call(sessionId: string, toolUseId: string): CallRow | null;
  callOf(sessionId: string, interactionId: string): CallRow | null;
  answerCall(sessionId: string, toolUseId: string, answer: string): void;
  useCall(sessionId: string, toolUseId: string): void;
  message(turn: TurnRow): AgentMessage;
  /** The contents of the messages accepted before `seq`, oldest first. */
  contentsBefore(sessionId: string, seq: number): string[];
  addAgent(agent: Pick<AgentRow, 'agent_id' | 'session_id' | 'started_at'>): void;
  setAgentProcess(agentId: string, pid: number, pidStarted: string | null): void;
  endAgent(agentId: string, endedAt: string): void;
  openAgents(): AgentRow[];
  /** Writes something and takes it back: throws when nothing can be written. */
  probe(): void;
  transaction(work: () => void): void;
  close(): void;
}

const PROBE = 'probe';
/** More than this is never read at once, whatever the events hold. */
const MAX_PAGE_CHARACTERS = 4 * 2 ** 20;

type Raw<T, K extends keyof T> = Omit<T, K> & Record<K, string>;

/** Prepares the journal's statements on an open database. */
export function makeJournal(db: JournalDb): Journal {
  const sql = {
    session: db.prepare<[string], Raw<SessionRow, 'options' | 'conversation'>>(
      'SELECT * FROM sessions WHERE session_id = ?',
    ),
    sessionsAfter: db.prepare<[string, number], JournalSession>(
      `SELECT session_id, project_path, created_at,
         coalesce((SELECT max(seq) FROM events WHERE events.session_id = sessions.session_id), 0) AS last_seq
       FROM sessions WHERE session_id > ? ORDER BY session_id LIMIT ?`,
    ),
    saveSession: db.prepare(
      `INSERT INTO sessions VALUES (@session_id, @epoch, @project_path, @options, @conversation, @state, @created_at)
       ON CONFLICT (session_id) DO UPDATE SET epoch = @epoch, project_path = @project_path, options = @options,
         conversation = @conversation, state = @state`,
    ),
    saveConversation: db.prepare('UPDATE sessions SET conversation = ? WHERE session_id = ?'),
    turn: db.prepare<[string, string], TurnRow>('SELECT * FROM turns WHERE session_id = ? AND message_id = ?'),
    unfinished: db.prepare<[string], TurnRow>(
      `SELECT * FROM turns WHERE session_id = ? AND state <> 'finished' ORDER BY accepted_seq`,
    ),
    insertTurn: db.prepare(
      `INSERT INTO turns VALUES
         (@session_id, @message_id, @turn_id, @state, @attempts, @accepted_seq, @result_seq, @started_at, @carried, @waits_for)`,
    ),
    saveTurn: db.prepare(
      `UPDATE turns SET state = @state, attempts = @attempts, started_at = @started_at, carried = @carried,
         waits_for = @waits_for
       WHERE session_id = @session_id AND message_id = @message_id`,
    ),
    finish: db.prepare(`UPDATE turns SET state = 'finished', result_seq = ? WHERE session_id = ? AND message_id = ?`),
    lastSeq: db.prepare<[string], { seq: number | null }>('SELECT max(seq) AS seq FROM events WHERE session_id = ?'),
    insertEvent: db.prepare('INSERT INTO events VALUES (?, ?, ?)'),
    events: db.prepare<[string, number, number], { seq: number; body: string }>(
      'SELECT seq, body FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?',
    ),
    turnEvents: db.prepare<[string, number, string], { body: string }>(
      `SELECT body FROM events WHERE session_id = ? AND seq > ? AND body ->> '$.message_id' = ? ORDER BY seq`,
    ),
    event: db.prepare<[string, number], { body: string }>('SELECT body FROM events WHERE session_id = ? AND seq = ?'),
    contents: db.prepare<[string, number], { body: string }>(
      `SELECT body FROM events JOIN turns USING (session_id)
       WHERE session_id = ? AND events.seq = turns.accepted_seq AND seq < ? ORDER BY seq`,
    ),
    insertCall: db.prepare(
      `INSERT OR IGNORE INTO calls VALUES
         (@session_id, @tool_use_id, @interaction_id, @tool, @input, @answer, @used)`,
    ),
    call: db.prepare<[string, string], CallRow>('SELECT * FROM calls WHERE session_id = ? AND tool_use_id = ?'),
    callOf: db.prepare<[string, string], CallRow>('SELECT * FROM calls WHERE session_id = ? AND interaction_id = ?'),
    answerCall: db.prepare('UPDATE calls SET answer = ? WHERE session_id = ? AND tool_use_id = ? AND answer IS NULL'),
    useCall: db.prepare('UPDATE calls SET used = 1 WHERE session_id = ? AND tool_use_id = ?'),
    addAgent: db.prepare(
      `INSERT INTO agents (agent_id, session_id, started_at) VALUES (@agent_id, @session_id, @started_at)`,
    ),
    agentProcess: db.prepare('UPDATE agents SET pid = ?, pid_started = ? WHERE agent_id = ?'),
    removeAgent: db.prepare('DELETE FROM agents WHERE agent_id = ?'),
    endAgent: db.prepare('UPDATE agents SET ended_at = ? WHERE agent_id = ?'),
    openAgents: db.prepare<[], AgentRow>(
      'SELECT agent_id, session_id, pid, pid_started, started_at FROM agents WHERE ended_at IS NULL',
    ),
  };
  const parse = (body: string): AgentEvent => JSON.parse(body) as AgentEvent;

  return {
    session(sessionId) {
      const row = sql.session.get(sessionId);
      if (row === undefined) return null;
      return {
        ...row,
        options: JSON.parse(row.options) as AgentOptions,
        conversation: JSON.parse(row.conversation) as Conversation,
      };
    },
    sessionsAfter: (sessionId, limit) => sql.sessionsAfter.all(sessionId, limit),
    saveSession: (row) =>
      void sql.saveSession.run({
        ...row,
        options: JSON.stringify(row.options),
        conversation: JSON.stringify(row.conversation),
      }),
    saveConversation: (sessionId, conversation) =>
      void sql.saveConversation.run(JSON.stringify(conversation), sessionId),
    turn: (sessionId, messageId) => sql.turn.get(sessionId, messageId) ?? null,
    unfinishedTurns: (sessionId) => sql.unfinished.all(sessionId),
    insertTurn: (turn) => void sql.insertTurn.run(turn),
    saveTurn: (turn) => void sql.saveTurn.run(turn),
    finishTurn: (sessionId, messageId, resultSeq) => void sql.finish.run(resultSeq, sessionId, messageId),
    lastSeq: (sessionId) => sql.lastSeq.get(sessionId)?.seq ?? 0,
    insertEvent: (sessionId, seq, event) => void sql.insertEvent.run(sessionId, seq, JSON.stringify(event)),
    events(sessionId, afterSeq, limit) {
      const events: NumberedEvent[] = [];
      let characters = 0;
      for (const { seq, body } of sql.events.iterate(sessionId, afterSeq, limit)) {
        characters += body.length;
        if (events.length > 0 && characters > MAX_PAGE_CHARACTERS) break;
        events.push({ seq, event: parse(body) });
      }
      return events;
    },
    turnEvents: (sessionId, acceptedSeq, messageId) =>
      sql.turnEvents.all(sessionId, acceptedSeq, messageId).map((row) => parse(row.body)),
    insertCall: (call) => void sql.insertCall.run(call),
    call: (sessionId, toolUseId) => sql.call.get(sessionId, toolUseId) ?? null,
    callOf: (sessionId, interactionId) => sql.callOf.get(sessionId, interactionId) ?? null,
    answerCall: (sessionId, toolUseId, answer) => void sql.answerCall.run(answer, sessionId, toolUseId),
    useCall: (sessionId, toolUseId) => void sql.useCall.run(sessionId, toolUseId),
    message(turn) {
      const row = sql.event.get(turn.session_id, turn.accepted_seq);
      const event = row === undefined ? null : parse(row.body);
      if (event?.type !== 'accepted') throw new Error(`Cannot find the message of turn ${turn.turn_id} in the journal`);
      const { message_id, content, context } = event;
      return context === undefined ? { message_id, content } : { message_id, content, context };
    },
    contentsBefore: (sessionId, seq) =>
      sql.contents.all(sessionId, seq).map((row) => (JSON.parse(row.body) as { content: string }).content),
    addAgent: (agent) => void sql.addAgent.run(agent),
    setAgentProcess: (agentId, pid, pidStarted) => void sql.agentProcess.run(pid, pidStarted, agentId),
    endAgent: (agentId, endedAt) => void sql.endAgent.run(endedAt, agentId),
    openAgents: () => sql.openAgents.all(),
    probe() {
      sql.addAgent.run({ agent_id: PROBE, session_id: PROBE, started_at: PROBE });
      sql.removeAgent.run(PROBE);
    },
    transaction: (work) => db.transaction(work)(),
    close: () => void db.close(),
  };
}
