import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideCutTurn, GATEWAY_ENDED, MAX_ATTEMPTS, MAX_GATEWAY_ATTEMPTS } from '../../../gateway/turns/cut-turn.ts';
import type { CutTurn } from '../../../gateway/turns/cut-turn.ts';
import type { AgentEvent } from '../../../domain/session/event.ts';

const base: CutTurn = {
  message_id: 'm',
  attempts: 1,
  reason: 'killed',
  record: { found: 'nothing', recorded: false, booked: null, cost_nano: null, usage: [], remark: null },
  journalled: [],
  hasLost: false,
  onInterrupt: 'report',
  stopped: null,
  consumed: false,
};
const spent = { recorded: true, booked: { counters: {}, booked_lines: 9 }, cost_nano: 7, usage: [], remark: null };
const partial = { found: 'partial' as const, content: 'half', failure: null, ...spent };
const finished = { found: 'finished' as const, content: 'whole', failure: null, ...spent };
const text: AgentEvent = { type: 'text', timestamp: 't', message_id: 'm', text: 'from the journal' };
const tool: AgentEvent = {
  type: 'tool_started',
  timestamp: 't',
  message_id: 'm',
  tool_use_id: 'u',
  tool: 'Bash',
  summary: '',
};
const denied: AgentEvent = {
  type: 'permission',
  timestamp: 't',
  message_id: 'm',
  tool: 'Bash',
  decision: 'denied',
  summary: '',
};
const stopped = { code: 'SESSION_CLOSED', message: 'closed' };
const failure = { code: 'TURN_FAILED', message: 'API Error' };

/** [what is known, what becomes of it]: the outcome, or the type of the decision. */
const cases: [string, Partial<CutTurn>, string][] = [
  ['no trace anywhere', {}, 'rerun'],
  ['no trace, but a session that continues', { onInterrupt: 'continue' }, 'rerun'],
  ['only a permission was journalled', { journalled: [denied] }, 'rerun'],
  ['no trace after the last attempt', { attempts: MAX_ATTEMPTS }, 'failed AGENT_UNREACHABLE'],
  ['no trace, the gateway died that often', { attempts: MAX_ATTEMPTS, reason: GATEWAY_ENDED }, 'rerun'],
  [
    'no trace, the gateway died all the time',
    { attempts: MAX_GATEWAY_ATTEMPTS, reason: GATEWAY_ENDED },
    'failed AGENT_UNREACHABLE',
  ],
  ['no trace, but the agent says it knew the message', { consumed: true }, 'unknown TURN_UNKNOWN'],
  ['a text in the journal only', { journalled: [text] }, 'unknown TURN_UNKNOWN'],
  ['a tool in the journal only', { journalled: [tool] }, 'unknown TURN_UNKNOWN'],
  ['a tool in the journal, continue', { journalled: [tool], onInterrupt: 'continue' }, 'continue'],
  ['a part in the record', { record: partial }, 'unknown TURN_UNKNOWN'],
  ['a part in the record, continue', { record: partial, onInterrupt: 'continue' }, 'continue'],
  [
    'a part in the record, continue, after the last attempt',
    { record: partial, onInterrupt: 'continue', attempts: MAX_ATTEMPTS },
    'unknown TURN_UNKNOWN',
  ],
  ['nothing in the journal, because it could not be written', { hasLost: true }, 'unknown TURN_UNKNOWN'],
  ['consumed, continue', { record: partial, onInterrupt: 'continue', consumed: true }, 'unknown TURN_UNKNOWN'],
  ['the record proves the end', { record: finished }, 'done'],
  ['the record proves the end, though it was to stop', { record: finished, stopped }, 'done'],
  ['the record proves an error', { record: { ...finished, failure } }, 'failed TURN_FAILED'],
  ['it was to stop and left no trace', { stopped }, 'failed SESSION_CLOSED'],
  [
    'it was to stop in the middle, continue',
    { stopped, record: partial, onInterrupt: 'continue' },
    'failed SESSION_CLOSED',
  ],
];

for (const [name, known, expected] of cases) {
  test(`decideCutTurn(): ${name} → ${expected}`, () => {
    const decision = decideCutTurn({ ...base, ...known });
    const said =
      decision.type === 'settle'
        ? [decision.end.outcome, decision.end.failure?.code].filter(Boolean).join(' ')
        : decision.type;
    assert.equal(said, expected);
  });
}

test('decideCutTurn() keeps the partial text and the cost that the record knows', () => {
  const decision = decideCutTurn({ ...base, record: partial, journalled: [text] });
  assert.deepEqual(decision, {
    type: 'settle',
    end: {
      message_id: 'm',
      outcome: 'unknown',
      failure: {
        code: 'TURN_UNKNOWN',
        message: 'the turn was cut off and nothing proves how it ended (killed)',
      },
      content: 'half',
      cost_nano: 7,
      usage: [],
    },
  });
});

test('decideCutTurn() takes the text from the journal where the record has none, and says that the cost is unknown', () => {
  const decision = decideCutTurn({ ...base, journalled: [text, tool] });
  assert.ok(decision.type === 'settle');
  assert.deepEqual([decision.end.content, decision.end.cost_nano], ['from the journal', null]);
});
