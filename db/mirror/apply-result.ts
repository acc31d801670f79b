import { addUsage } from '../../domain/session/turn.ts';
import type { ModelUsage, TurnResult } from '../../domain/session/turn.ts';
import { typeNumber } from '../events/event-numbers.ts';
import { isoTime, laterOf } from './iso-time.ts';
import { withdrawOfTurn } from './apply-interaction.ts';
import { moveMessage } from './apply-message.ts';
import { appendEvent } from './batch.ts';
import type { Batch } from './batch.ts';
import { spenderOf } from './statements.ts';
import type { SessionState } from './statements.ts';

/** Model name of money that the agent did not attribute to a model. */
export const UNATTRIBUTED = 'unattributed';
/** How far back the block of text that is the whole answer is looked for. */
const LATEST_EVENTS = 4;
const TEXT = typeNumber('text');

/** Books a settled turn once: its answer, its cost, and the end of the message's way. */
export function applyResult(batch: Batch, session: SessionState, turn: TurnResult, provisional: boolean): void {
  if (batch.statements.message.get(turn.turn_id) !== undefined) return;
  const timestamp = isoTime(turn.finished_at, batch.now);
  const key = batch.takeKey(turn.turn_id, timestamp);
  batch.statements.insertAnswer.run({
    id: turn.turn_id,
    session_id: session.id,
    message: turn.content,
    timestamp,
    status: turn.outcome,
    key,
    session_key: session.key,
    cost_nano: turn.cost_nano,
    reply_to: turn.message_id,
    failure: turn.failure === null ? null : JSON.stringify(turn.failure),
    simulated: turn.simulated ? 1 : null,
    provisional: provisional ? 1 : null,
  });
  for (const usage of attributed(turn)) {
    batch.statements.insertModel.run(usage.model);
    batch.statements.insertTurnUsage.run({ message_key: key, ...usage });
  }
  session.cost_nano += turn.cost_nano ?? 0;
  withdrawOfTurn(batch, session, turn, timestamp);
  session.last_activity = laterOf(session.last_activity, timestamp);
  if (turn.message_id !== null) {
    settleMessage(batch, session, turn.message_id);
    batch.budgets?.settle(turn.message_id);
  }
  batch.budgets?.book(spenderOf(session), turn.cost_nano ?? 0, timestamp);
  shareText(batch, session, turn.content, key);
  announce(batch, session, turn, timestamp, key);
}

function settleMessage(batch: Batch, session: SessionState, messageId: string): void {
  batch.statements.forgetBody.run(messageId);
  const message = batch.statements.message.get(messageId);
  const outcome = batch.statements.outcome.get({ id: messageId, session_key: session.key });
  if (message === undefined || outcome === undefined || message.session_key !== session.key) return;
  moveMessage(batch, session, message, outcome);
}

/** The last block of text is mostly the answer itself: its event then points at it, so that it is stored once. */
function shareText(batch: Batch, session: SessionState, content: string, key: number): void {
  const body = JSON.stringify({ text: content });
  const latest = batch.statements.latestEvents.all(session.key, LATEST_EVENTS);
  const block = latest.find((event) => event.type === TEXT && event.body === body);
  if (block !== undefined) batch.statements.pointAtAnswer.run(key, session.key, block.seq);
}

function announce(batch: Batch, session: SessionState, turn: TurnResult, timestamp: string, key: number): void {
  const { turn_id, message_id, outcome, content, simulated, failure } = turn;
  const cost_usd = batch.showCost(turn.cost_nano);
  const error = failure === null ? {} : { error: failure };
  appendEvent(
    batch,
    session,
    { type: 'result', timestamp, turn_id, message_id, outcome, content, cost_usd, simulated, ...error },
    key,
  );
  const total = batch.showCost(session.cost_nano);
  appendEvent(batch, session, { type: 'cost', timestamp, cost_usd: total, message_count: session.message_count });
}

/** The turn's models, one entry each, with what makes their sum equal to the turn's cost. */
function attributed(turn: TurnResult): ModelUsage[] {
  const models = new Map<string, ModelUsage>();
  for (const usage of turn.usage) models.set(usage.model, addUsage(models.get(usage.model), usage));
  const known = [...models.values()].reduce((sum, usage) => sum + usage.cost_nano, 0);
  const rest = (turn.cost_nano ?? 0) - known;
  if (rest === 0) return [...models.values()];
  const unattributed = { ...NO_USAGE, model: UNATTRIBUTED, cost_nano: rest };
  models.set(UNATTRIBUTED, addUsage(models.get(UNATTRIBUTED), unattributed));
  return [...models.values()];
}

const NO_USAGE = {
  input_tokens: 0,
  output_tokens: 0,
  cache_read_tokens: 0,
  cache_creation_tokens: 0,
};
