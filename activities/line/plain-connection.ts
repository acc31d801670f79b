import type { WebSocket } from 'ws';
import { z } from 'zod';
import { usdToNano } from '../../domain/money.ts';
import type { AgentMessage, TurnResult } from '../../domain/turn.ts';
import type { AgentConnection, NumberedEvent, OpenOptions } from './agent-connection.ts';
import { ConnectionError } from './connection-errors.ts';
import { makeMirroredEvents } from '../mirrored-events.ts';

const MAX_COST_USD = 1_000_000;

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
const PARTIAL = new Set(['partial', 'streaming', 'in_progress']);

/**
 * Speaks the guide's bare frames (Message out, Response in) to a peer without the sub-protocol.
 * There is no journal at the other end, so numbers are given here and a message is delivered at least once.
 */
export function openPlainConnection(socket: WebSocket, options: OpenOptions): AgentConnection {
  const { attachment } = options;
  const events = makeMirroredEvents({
    sessionId: attachment.session_id,
    afterSeq: attachment.cursor,
    mirror: options.mirror,
    flow: socket,
    logger: options.logger,
  });
  const outstanding = new Map<string, string>();
  const sent = new Set<string>();
  let seq = attachment.cursor;
  let isClosed = false;

  function emit(event: NumberedEvent['event'], bytes: number): void {
    seq += 1;
    events.push({ seq, event, bytes });
  }

  function fail(error: ConnectionError): void {
    isClosed = true;
    events.fail(error);
  }

  socket.on('message', (data: Buffer) => {
    const parsed = parseResponse(data);
    if (parsed === null || isClosed) return;
    const startedAt = outstanding.get(parsed.message_id);
    if (startedAt === undefined) return;
    if (PARTIAL.has(parsed.status ?? '')) {
      return options.mirror.live(attachment.session_id, { message_id: parsed.message_id, text: parsed.content });
    }
    outstanding.delete(parsed.message_id);
    const turn = turnOf(parsed, startedAt);
    emit({ type: 'result', timestamp: turn.finished_at, turn }, data.length);
  });
  // What was outstanding has to be sent again: the peer keeps nothing for us.
  socket.on('close', (code) => fail(new ConnectionError('NOT_SENT', `The peer closed the line (code ${code})`)));
  socket.on('error', (error) => fail(new ConnectionError('NOT_SENT', error.message, { cause: error })));

  return {
    epoch: attachment.epoch,
    peer: { agent: 'peer', simulated: false, at_least_once: true, background_tasks: 0 },
    get isClosed(): boolean {
      return isClosed;
    },
    backgroundTasks: 0,
    openedAt: attachment.cursor,
    covers: (cursor) => events.covers(cursor),
    canAnswer: (messageId) => sent.has(messageId),
    async send(message: AgentMessage): Promise<void> {
      if (isClosed) throw new ConnectionError('UNAVAILABLE', 'The line to the peer is closed');
      if (sent.has(message.message_id)) return;
      const timestamp = new Date().toISOString();
      outstanding.set(message.message_id, timestamp);
      sent.add(message.message_id);
      const { message_id: id, content, context } = message;
      const frame = JSON.stringify({ id, session_id: attachment.session_id, content, timestamp, context });
      await new Promise<void>((resolve, reject) => {
        socket.send(frame, (error) => (error ? reject(new ConnectionError('UNAVAILABLE', error.message)) : resolve()));
      });
      emit({ type: 'accepted', timestamp, ...message }, frame.length);
    },
    take: (cursor, signal) => events.take(cursor, signal),
    async release(): Promise<number> {
      isClosed = true;
      socket.close();
      return 0;
    },
    close(): void {
      isClosed = true;
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

function turnOf(answer: z.infer<typeof response>, startedAt: string): TurnResult {
  const failed = FAILED.has(answer.status ?? '');
  const finishedAt = new Date().toISOString();
  return {
    // A message that had to be sent again has one answer all the same: the one that was mirrored first.
    turn_id: `${answer.message_id}:answer`,
    message_id: answer.message_id,
    outcome: failed ? 'failed' : 'done',
    content: answer.content,
    failure: failed ? { code: 'TURN_FAILED', message: answer.content || 'the peer reported an error' } : null,
    cost_nano: answer.cost_usd === null || answer.cost_usd === undefined ? null : usdToNano(answer.cost_usd),
    usage: [],
    agent: 'peer',
    simulated: false,
    started_at: startedAt,
    finished_at: finishedAt,
  };
}
