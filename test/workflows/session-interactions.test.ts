import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Answer, AnswerGiven, AnswerOutcome, Interaction } from '../../domain/control/interaction.ts';
import * as interactions from '../../workflows/state/session-interactions.ts';
import type { SessionInteractions, SettledInteraction } from '../../workflows/state/session-interactions.ts';

const AT = '2026-11-25T10:00:00.000Z';

function permission(id: string, messageId: string, expiresAt: string | null = null): Interaction {
  return {
    interaction_id: id,
    session_id: 's',
    message_id: messageId,
    kind: 'permission',
    detail: { tool: 'Bash', input: { command: id }, summary: id, reason: '', blocked_path: null, suggestions: [] },
    status: 'open',
    title: `Bash: ${id}`,
    created_at: AT,
    expires_at: expiresAt,
    answer: null,
    answered_by: null,
    answered_via: null,
    answered_at: null,
    withdrawn_reason: null,
  };
}

const by = (id: string, answer: Answer, person = 'ann'): AnswerGiven => ({
  interaction_id: id,
  answer,
  by: person,
  via: 'rest',
});
const give = (state: SessionInteractions, given: AnswerGiven): { state: SessionInteractions; outcome: AnswerOutcome } =>
  interactions.answer(state, given, AT);
const asked = interactions.ask(interactions.noInteractions(), permission('i1', 'm1'));

describe('an interaction of a session', () => {
  test('is opened once, however often it is reported', () => {
    assert.equal(interactions.ask(asked, permission('i1', 'm1')), asked);
    const { state } = give(asked, by('i1', { decision: 'allow' }));
    assert.equal(interactions.ask(state, permission('i1', 'm1')), state);
  });
  test('is answered by the first; the same answer again is repeated, another one is told who won', () => {
    const first = give(asked, by('i1', { decision: 'allow' }));
    assert.equal(first.outcome.type, 'recorded');
    const again = give(first.state, by('i1', { decision: 'allow' }, 'bob'));
    assert.equal(again.state, first.state);
    assert.ok(again.outcome.type === 'repeated' && again.outcome.end.answered_by === 'ann');
    const late = give(first.state, by('i1', { decision: 'deny' }, 'bob'));
    assert.equal(late.state, first.state);
    assert.ok(late.outcome.type === 'rejected' && late.outcome.code === 'ALREADY_ANSWERED');
    assert.equal(late.outcome.end.answered_by, 'ann');
  });
  test('that was withdrawn rejects an answer with the reason, and one that is unknown is not found', () => {
    const state = interactions.withdrawOf(asked, 'm1', 'Interrupted', AT);
    const { outcome } = give(state, by('i1', { decision: 'allow' }));
    assert.ok(outcome.type === 'rejected' && outcome.code === 'INTERACTION_WITHDRAWN');
    assert.equal(outcome.end.withdrawn_reason, 'Interrupted');
    assert.deepEqual(give(asked, by('i9', { decision: 'allow' })).outcome, {
      type: 'rejected',
      code: 'INTERACTION_NOT_FOUND',
    });
  });
  test('is withdrawn with its own message only, and a decision that was not acted on is void', () => {
    const two = interactions.ask(asked, permission('i2', 'm2'));
    const { state } = give(two, by('i1', { decision: 'allow' }));
    const over = interactions.withdrawOf(state, 'm1', 'Interrupted', AT);
    assert.equal(over.settled[0]!.delivery, 'void');
    assert.equal(interactions.waitingOf(over, 'm2')!.interaction_id, 'i2');
    assert.equal(interactions.nextToDeliver(over), null);
  });
  test('expires by its own limit only, and the agent is to be told', () => {
    const limited = interactions.ask(asked, permission('i2', 'm2', '2026-11-25T11:00:00.000Z'));
    assert.equal(interactions.nextExpiry(limited), '2026-11-25T11:00:00.000Z');
    assert.equal(interactions.expire(limited, AT), limited);
    const expired = interactions.expire(limited, '2026-11-25T11:00:00.000Z');
    assert.equal(interactions.nextToDeliver(expired)!.status, 'expired');
    assert.equal(interactions.nextExpiry(expired), null);
  });
  test('allowed for the session leaves a rule, once', () => {
    const answer: Answer = { decision: 'allow_session', rule: 'Bash(git push *)' };
    const one = give(asked, by('i1', answer)).state;
    const two = give(interactions.ask(one, permission('i2', 'm1')), by('i2', answer)).state;
    assert.deepEqual(two.rules, ['Bash(git push *)']);
  });
  test('is delivered, then used, and never goes back', () => {
    let state = give(asked, by('i1', { decision: 'allow' })).state;
    assert.equal(interactions.nextToDeliver(state)!.interaction_id, 'i1');
    state = interactions.delivered(state, 'i1');
    assert.equal(interactions.nextToDeliver(state), null);
    state = interactions.used(state, 'i1');
    assert.equal(interactions.delivered(state, 'i1'), state);
    assert.equal(interactions.withdrawOf(state, 'm1', 'Interrupted', AT).settled[0]!.delivery, 'used');
  });
  test('that is settled is forgotten after 200 others, unless it is on its way', () => {
    let state = give(asked, by('i1', { decision: 'allow' })).state;
    for (let number = 0; number < 250; number += 1) {
      state = interactions.ask(state, permission(`n${number}`, 'm2'));
      state = interactions.withdrawOf(state, 'm2', 'Interrupted', AT);
    }
    assert.equal(state.settled.length, 200);
    assert.equal(interactions.nextToDeliver(state)!.interaction_id, 'i1');
  });
});

/** A step of a session's life; `id` and `message` choose among a few, so that steps meet. */
type Step = { type: string; id: string; message: string; answer: Answer; person: string };

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom(
    'ask',
    'ask',
    'answer',
    'answer',
    'deliver',
    'use',
    'interrupt',
    'steer',
    'cancel',
    'expire',
    'close',
    'resume',
    'crash',
  ),
  id: fc.constantFrom('i1', 'i2', 'i3', 'i4'),
  message: fc.constantFrom('m1', 'm2'),
  answer: fc.constantFrom<Answer>(
    { decision: 'allow' },
    { decision: 'deny' },
    { decision: 'allow_session', rule: 'Bash(a)' },
    { decision: 'deny_and_stop', reason: 'no' },
  ),
  person: fc.constantFrom('ann', 'bob'),
});

function take(state: SessionInteractions, { type, id, message, answer, person }: Step): SessionInteractions {
  switch (type) {
    case 'ask':
      return interactions.ask(state, permission(id, message, id === 'i4' ? AT : null));
    case 'answer':
      return give(state, by(id, answer, person)).state;
    case 'deliver':
      return interactions.delivered(state, id);
    case 'use':
      return interactions.used(state, id);
    case 'interrupt':
    case 'cancel':
      return interactions.withdrawOf(state, message, type, AT);
    case 'close':
      return interactions.withdrawAll(state, type, AT);
    case 'expire':
      return interactions.expire(state, AT);
    case 'resume': // a new run begins with the state as JSON, and the gateway reports again what is open
      return state.open.reduce(
        (sum, one) => interactions.ask(sum, one),
        JSON.parse(JSON.stringify(state)) as SessionInteractions,
      );
    default:
      return state; // a steering message asks nothing; a crash loses nothing that was committed
  }
}

const ORDER = ['pending', 'delivered', 'used'];

function isLater(after: SettledInteraction, before: SettledInteraction): boolean {
  if (after.delivery === before.delivery) return true;
  if (after.delivery === 'void') return before.delivery !== 'used';
  return before.delivery !== 'void' && ORDER.indexOf(after.delivery) > ORDER.indexOf(before.delivery);
}

test('1,000 lives of asks, answers, interrupts, crashes and ends: each interaction ends once and keeps its first answer', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      let state = interactions.noInteractions();
      for (const one of steps) {
        const before = state;
        state = take(state, one);
        if (one.type === 'crash') state = take(before, one);
        // What was done twice is as if it was done once.
        assert.deepEqual(take(state, one), state);
        assert.deepEqual(JSON.parse(JSON.stringify(state)), state);

        const ids = [...state.open, ...state.settled].map(({ interaction_id }) => interaction_id);
        assert.equal(new Set(ids).size, ids.length);
        for (const known of [...before.open, ...before.settled]) assert.ok(ids.includes(known.interaction_id));
        for (const settled of before.settled) {
          const after = state.settled.find(({ interaction_id }) => interaction_id === settled.interaction_id)!;
          assert.deepEqual({ ...after, delivery: null }, { ...settled, delivery: null });
          assert.ok(isLater(after, settled));
        }
        for (const { status, answer, answered_by, withdrawn_reason, delivery } of state.settled) {
          assert.equal(status === 'answered', answer !== null && answered_by !== null);
          assert.equal(status === 'withdrawn', withdrawn_reason !== null);
          if (status === 'withdrawn') assert.equal(delivery, 'void');
        }
        const given = state.settled.map(({ answer }) => answer).filter((answer) => answer !== null);
        const rules = new Set(given.flatMap((answer) => ('rule' in answer ? [answer.rule] : [])));
        assert.deepEqual(new Set(state.rules), rules);
        if (one.type === 'close') assert.equal(state.open.length, 0);
      }
    }),
    { seed: 12, numRuns: 1_000 },
  );
});
