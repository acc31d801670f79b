import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import Database from 'better-sqlite3';
import type { AgentEvent } from '../../domain/session/event.ts';
import { priceAnswer, writeAnswer } from '../../gateway/drivers/simulator/answer.ts';
import { parseScript } from '../../gateway/drivers/simulator/script.ts';
import { nanoToUsd } from '../../domain/money/money.ts';
import { getLedger, workflowIdOf } from '../../workflows/definitions.ts';
import { installedClient } from '../support/temporal/installed-client.ts';
import { until } from '../support/until.ts';
import type { CallerLedger, SentMessage } from './ledger.ts';
import type { Parts } from './parts.ts';

/** What went wrong, a line each. All empty is the promise. */
export interface Findings {
  lost: string[];
  doubled: string[];
  outOfOrder: string[];
  wrongCost: string[];
  stuck: string[];
  orphans: string[];
  /** Not wrong, but worth a number: outcomes that were told as unknown or failed because of a harm. */
  toldUnknown: string[];
  toldFailed: string[];
}

interface TurnRow {
  message_id: string;
  accepted_seq: number;
  result_seq: number | null;
  attempts: number;
}

interface MirrorRow {
  id: string;
  key: number;
  direction: 'to_claude' | 'from_claude';
  message: string;
  status: string;
  reply_to: string | null;
  cost_nano: number | null;
}

/** Holds what callers saw against the journal, the mirror, the views and the workflows' ledgers. */
export async function verify(parts: Parts, callers: CallerLedger, options: { simulated: boolean }): Promise<Findings> {
  const findings: Findings = {
    lost: [],
    doubled: [],
    outOfOrder: [],
    wrongCost: [],
    stuck: [],
    orphans: [],
    toldUnknown: [],
    toldFailed: [],
  };
  const app = new Database(join(parts.home, 'xswarm.db'), { readonly: true });
  const journal = new Database(join(parts.home, 'gateway.db'), { readonly: true });
  const temporal = await installedClient(parts);
  try {
    for (const sessionId of callers.sessions.keys()) {
      const sent = callers.messages.filter((message) => message.session_id === sessionId);
      checkSession({ sessionId, sent, app, journal, findings, simulated: options.simulated });
      await checkMoney({ sessionId, app, journal, temporal, findings, parts });
    }
  } finally {
    await temporal.connection.close();
    app.close();
    journal.close();
  }
  return findings;
}

interface SessionCheck {
  sessionId: string;
  sent: SentMessage[];
  app: Database.Database;
  journal: Database.Database;
  findings: Findings;
  simulated: boolean;
}

function checkSession({ sessionId, sent, app, journal, findings, simulated }: SessionCheck): void {
  const turns = journal
    .prepare<[string], TurnRow>('SELECT * FROM turns WHERE session_id = ? ORDER BY accepted_seq')
    .all(sessionId);
  const events = journal
    .prepare<[string], { seq: number; body: string }>('SELECT seq, body FROM events WHERE session_id = ? ORDER BY seq')
    .all(sessionId)
    .map(({ seq, body }) => ({ seq, event: JSON.parse(body) as AgentEvent }));
  const rows = app
    .prepare<[string], MirrorRow>('SELECT * FROM claude_code_messages WHERE session_id = ? ORDER BY key')
    .all(sessionId);
  const turnOf = new Map(turns.map((turn) => [turn.message_id, turn]));

  for (const message of sent) checkMessage(message);
  checkOrder();
  if (events.some(({ seq }, index) => seq !== index + 1))
    findings.outOfOrder.push(`${sessionId}: the journal has holes`);
  const known = new Set(sent.map((message) => message.content));
  for (const row of rows) {
    if (row.direction === 'to_claude' && !known.has(row.message))
      findings.doubled.push(`${sessionId}: nobody sent ${row.id}`);
  }

  function checkMessage(message: SentMessage): void {
    const { key, message_id, outcome, refused } = message;
    const questions = rows.filter((row) => row.direction === 'to_claude' && row.message === message.content);
    if (questions.length > 1) findings.doubled.push(`${key}: ${questions.length} rows in the mirror`);
    if (message_id === null) {
      // A refusal before the acknowledgement: then nothing of it may have happened.
      if (refused === null) findings.lost.push(`${key}: never answered`);
      if (questions.some((row) => turnOf.get(row.id)?.result_seq))
        findings.lost.push(`${key}: refused and carried out`);
      return;
    }
    if (outcome === null) return void findings.lost.push(`${key}: accepted, then ${refused ?? 'nothing'}`);
    const results = events.filter(({ event }) => event.type === 'result' && event.turn.message_id === message_id);
    const accepted = events.filter(({ event }) => event.type === 'accepted' && event.message_id === message_id);
    const answers = rows.filter((row) => row.reply_to === message_id);
    if (results.length > 1 || accepted.length > 1)
      findings.doubled.push(`${key}: ${results.length} results in the journal`);
    if (answers.length !== 1)
      findings[answers.length === 0 ? 'lost' : 'doubled'].push(`${key}: ${answers.length} answers`);
    checkCarriedOut(message, answers[0], results[0]?.event);
  }

  function checkCarriedOut(message: SentMessage, answer: MirrorRow | undefined, result: AgentEvent | undefined): void {
    const { key, outcome } = message;
    const turn = result?.type === 'result' ? result.turn : null;
    // A session that ended tells so itself, for messages that the gateway never had.
    if (turn === null) return void (outcome === 'done' && findings.lost.push(`${key}: done without a result`));
    const told = [outcome, message.answer, message.cost_usd];
    const written = [turn.outcome, turn.content, toUsd(turn.cost_nano)];
    const shown = [answer?.status, answer?.message, toUsd(answer?.cost_nano)];
    if (outcome === 'done' && JSON.stringify(told) !== JSON.stringify(written))
      findings.lost.push(
        `${key}: told ${JSON.stringify(told).slice(0, 200)}, journal ${JSON.stringify(written).slice(0, 200)}`,
      );
    if (JSON.stringify(shown) !== JSON.stringify(written))
      findings.lost.push(
        `${key}: shown ${JSON.stringify(shown).slice(0, 200)}, journal ${JSON.stringify(written).slice(0, 200)}`,
      );
    if (outcome === 'unknown') findings.toldUnknown.push(`${key}: ${message.content.slice(0, 60)}`);
    if (outcome === 'failed' && !message.content.startsWith('[fail'))
      findings.toldFailed.push(`${key}: ${JSON.stringify(turn.failure)}`);
    if (simulated && outcome === 'done') checkAnswer(message, turn.cost_nano);
  }

  function checkAnswer({ key, content, answer }: SentMessage, cost: number | null): void {
    const steps = parseScript(content);
    const wanted = writeAnswer(content, steps, () => []);
    if (answer !== wanted) findings.lost.push(`${key}: another answer: ${String(answer).slice(0, 80)}`);
    const price = priceAnswer(content, wanted, steps).cost_nano;
    if (cost !== price) findings.wrongCost.push(`${key}: ${String(cost)} instead of ${price}`);
  }

  function checkOrder(): void {
    const placed = sent.filter((message) => message.place !== null && turnOf.has(message.message_id ?? ''));
    const byPlace = [...placed].sort((one, other) => (one.place ?? 0) - (other.place ?? 0));
    for (const number of ['accepted_seq', 'result_seq'] as const) {
      const numbers = byPlace.map((message) => turnOf.get(message.message_id ?? '')?.[number] ?? 0);
      if (numbers.some((value, index) => index > 0 && value < numbers[index - 1]!)) {
        findings.outOfOrder.push(`${sessionId}: ${number} ${numbers.join(' ')}`);
      }
    }
  }
}

interface MoneyCheck {
  sessionId: string;
  app: Database.Database;
  journal: Database.Database;
  temporal: Client;
  findings: Findings;
  parts: Parts;
}

/** Sum of the messages = session = view = journal = what REST says = the workflow's ledger. */
async function checkMoney({ sessionId, app, journal, temporal, findings, parts }: MoneyCheck): Promise<void> {
  const sums = {
    messages: app
      .prepare<[string], number>('SELECT coalesce(sum(cost_nano), 0) FROM claude_code_messages WHERE session_id = ?')
      .pluck()
      .get(sessionId),
    session: app
      .prepare<[string], number>('SELECT cost_nano FROM claude_code_sessions WHERE id = ?')
      .pluck()
      .get(sessionId),
    view: app
      .prepare<[string], number>('SELECT cost_nano FROM claude_code_session_stats WHERE session_id = ?')
      .pluck()
      .get(sessionId),
    models: app
      .prepare<[string], number>(
        `SELECT coalesce(sum(u.cost_nano), 0) FROM turn_usage u JOIN claude_code_messages m ON m.key = u.message_key
         WHERE m.session_id = ?`,
      )
      .pluck()
      .get(sessionId),
    journal: journal
      .prepare<[string], number>(
        `SELECT coalesce(sum(body ->> '$.turn.cost_nano'), 0) FROM events
         WHERE session_id = ? AND body ->> '$.type' = 'result'`,
      )
      .pluck()
      .get(sessionId),
  };
  const wrong = new Set(Object.values(sums)).size > 1;
  if (wrong) findings.wrongCost.push(`${sessionId}: ${JSON.stringify(sums)}`);
  const counted = app
    .prepare<[string], number>(
      `SELECT count(*) FROM claude_code_messages WHERE session_id = ? AND direction = 'to_claude'`,
    )
    .pluck()
    .get(sessionId);
  const answer = await temporal.workflow
    .getHandle(workflowIdOf(sessionId))
    .query(getLedger)
    .catch((error: unknown) => String(error));
  // A workflow whose task fails again and again answers nothing.
  if (typeof answer === 'string') return void findings.stuck.push(`${sessionId}: ${answer}`);
  const ledger = answer;
  if (ledger.cost_nano !== sums.messages)
    findings.wrongCost.push(`${sessionId}: the ledger says ${ledger.cost_nano}, the messages ${String(sums.messages)}`);
  if (ledger.message_count !== counted)
    findings.lost.push(
      `${sessionId}: the ledger counts ${ledger.message_count} messages, the mirror ${String(counted)}`,
    );
  if (ledger.queue.length > 0 || ledger.current !== null)
    findings.stuck.push(`${sessionId}: ${JSON.stringify(ledger)}`);
  // A connection that was kept open may be to a process that was killed meanwhile: only the call itself is repeated.
  const url = `${parts.restUrl}/api/claude-code/sessions/${sessionId}/cost`;
  const response = await until('REST answers', () => fetch(url));
  const cost = (await response.json()) as { cost_usd: number; message_count: number };
  if (cost.cost_usd !== nanoToUsd(sums.messages ?? 0)) findings.wrongCost.push(`${sessionId}: REST ${cost.cost_usd}`);
  if (cost.message_count !== counted) findings.lost.push(`${sessionId}: REST counts ${cost.message_count}`);
}

function toUsd(nano: number | null | undefined): number | null {
  return nano === null || nano === undefined ? null : nanoToUsd(nano);
}
