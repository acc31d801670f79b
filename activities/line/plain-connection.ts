import type { WebSocket } from 'ws';
import { z } from 'zod';
import { usdToNano } from '../../domain/money/money.ts';
import type { AgentMessage, TurnResult } from '../../domain/session/turn.ts';
import type { AgentConnection, NumberedEvent, OpenOptions } from './agent-connection.ts';
import { ConnectionError } from './connection-errors.ts';
import { makeMirroredEvents } from '../mirrored-events.ts';

const MAX_COST_USD = 1_000_000;
/** The longest that a timer of Node can be. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The guide's `ClaudeCodeResponse`, as a plain peer sends it. */
const response = z.object({
  id: z.string().optional(),
  message_id: z.string(),
  content: z.string(),
  timestamp: z.string().optional(),
  // More than that is no price: it is told as not known.
  cost_usd: z.number().nonnegative().max(MAX_COST_USD).nullish().catch(null),
  status: z.string().optional(),
});

const FAILED = new Set(['error', 'failed', 'failure']);
/** An answer, or (with `limit`, in seconds) that none came in time. */
type PeerAnswer = z.infer<typeof response> & { limit?: number };

const PARTIAL = new Set(['partial', 'streaming', 'in_progress']);

/**
 * Speaks the guide's bare frames (Message out, Response in) to a peer without the sub-protocol.
 * There is no journal at the other end, so numbers are assigned here and a message is delivered at least once. A peer that does
 * not answer a message within the turn limit leaves it with an unknown outcome, and what it answers later is dropped.
 */
export function openPlainConnection(socket: WebSocket, options: OpenOptions): AgentConnection {
  const { lease } = options;
  const events = makeMirroredEvents({
    sessionId: lease.session_id,
    afterSeq: lease.cursor,
    mirror: options.mirror,
    flow: socket,
    logger: options.logger,
  });
  const outstanding = new Map<string, { startedAt: string; limit: NodeJS.Timeout | undefined }>();
  const turnLimitSeconds = lease.options.turn_limit_seconds ?? options.turnLimitSeconds;
  const sent = new Set<string>();
  let seq = lease.cursor;
  let isClosed = false;

  function emit(event: NumberedEvent['event'], bytes: number): void {
    seq += 1;
    events.push({ seq, event, bytes });
  }

  function forgetLimits(): void {
    for (const { limit } of outstanding.values()) clearTimeout(limit);
    outstanding.clear();
  }

  function fail(error: ConnectionError): void {
    isClosed = true;
    forgetLimits();
    events.fail(error);
  }

  function settle(answer: PeerAnswer, bytes: number): void {
    const message = outstanding.get(answer.message_id);
    if (message === undefined) return;
    clearTimeout(message.limit);
    outstanding.delete(answer.message_id);
    const turn = turnOf(answer, message.startedAt);
    emit({ type: 'result', timestamp: turn.finished_at, turn }, bytes);
  }

  function limitOf(message_id: string): NodeJS.Timeout | undefined {
    if (turnLimitSeconds === 0) return undefined;
    const giveUp = (): void => settle({ message_id, content: '', limit: turnLimitSeconds }, 0);
    return setTimeout(giveUp, Math.min(turnLimitSeconds * 1000, LONGEST_TIMER_MS));
  }

  socket.on('message', (data: Buffer) => {
    const parsed = parseResponse(data);
    if (parsed === null || isClosed) return;
    if (!outstanding.has(parsed.message_id)) return;
    if (PARTIAL.has(parsed.status ?? '')) {
      return options.mirror.live(lease.session_id, { message_id: parsed.message_id, text: parsed.content });
    }
    settle(parsed, data.length);
  });
  // What was outstanding has to be sent again: the peer keeps nothing for us.
  socket.on('close', (code) => fail(new ConnectionError('NOT_SENT', `The peer closed the line (code ${code})`)));
  socket.on('error', (error) => fail(new ConnectionError('NOT_SENT', error.message, { cause: error })));

  return {
    epoch: lease.epoch,
    peer: { agent: 'peer', simulated: false, at_least_once: true, background_tasks: 0 },
    get isClosed(): boolean {
      return isClosed;
    },
    backgroundTasks: 0,
    openedAt: lease.cursor,
    covers: (cursor) => events.covers(cursor),
    canAnswer: (messageId) => sent.has(messageId),
    async send(message: AgentMessage): Promise<void> {
      if (isClosed) throw new ConnectionError('UNAVAILABLE', 'The line to the peer is closed');
      if (sent.has(message.message_id)) return;
      const timestamp = new Date().toISOString();
      outstanding.set(message.message_id, { startedAt: timestamp, limit: limitOf(message.message_id) });
      sent.add(message.message_id);
      const { message_id: id, content, context } = message;
      const frame = JSON.stringify({ id, session_id: lease.session_id, content, timestamp, context });
      await new Promise<void>((resolve, reject) => {
        socket.send(frame, (error) => (error ? reject(new ConnectionError('UNAVAILABLE', error.message)) : resolve()));
      });
      emit({ type: 'accepted', timestamp, ...message }, frame.length);
    },
    // A plain peer asks nobody.
    decide: async () => false,
    take: (cursor, signal) => events.take(cursor, signal),
    async release(): Promise<number> {
      isClosed = true;
      forgetLimits();
      socket.close();
      return 0;
    },
    close(): void {
      isClosed = true;
      forgetLimits();
      events.stop();
      socket.close();
    },
  };
}

function parseResponse(data: Buffer): z.infer<typeof response> | null {
  try {
    const parsed = response.safeParse(JSON.parse(data.toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function turnOf(answer: PeerAnswer, startedAt: string): TurnResult {
  const { outcome, failure } = outcomeOf(answer);
  const finishedAt = new Date().toISOString();
  return {
    // A message that had to be sent again has one answer all the same: the one that was mirrored first.
    turn_id: `${answer.message_id}:answer`,
    message_id: answer.message_id,
    outcome,
    content: answer.content,
    failure,
    cost_nano: answer.cost_usd === null || answer.cost_usd === undefined ? null : usdToNano(answer.cost_usd),
    usage: [],
    agent: 'peer',
    simulated: false,
    started_at: startedAt,
    finished_at: finishedAt,
  };
}

function outcomeOf({ status = '', content, limit }: PeerAnswer): Pick<TurnResult, 'outcome' | 'failure'> {
  if (limit !== undefined) {
    const message = `the peer did not answer within ${limit} s`;
    return { outcome: 'unknown', failure: { code: 'TURN_UNKNOWN', message } };
  }
  if (!FAILED.has(status)) return { outcome: 'done', failure: null };
  return { outcome: 'failed', failure: { code: 'TURN_FAILED', message: content || 'the peer reported an error' } };
}
