import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkAnswer } from '../../../domain/control/check-answer.ts';
import { answerInWords, isSameJson, titleOf } from '../../../domain/control/interaction.ts';
import type { Ask } from '../../../domain/control/interaction.ts';
import type { PermissionMode } from '../../../domain/session/session.ts';

const permission: Ask = {
  kind: 'permission',
  detail: {
    tool: 'Bash',
    input: { command: 'git push', timeout: 5 },
    summary: 'git push',
    reason: 'It may change something',
    blocked_path: null,
    suggestions: [{ rule: 'Bash(git push *)', label: 'commands that begin with "git push"' }],
  },
};
const question: Ask = {
  kind: 'question',
  detail: {
    questions: ['Which colours?', 'How many?'].map((text) => ({
      question: text,
      header: 'h',
      multi_select: true,
      options: [{ label: 'Red', description: '' }],
    })),
  },
};
const plan: Ask = { kind: 'plan', detail: { plan: '\n# Do it\n1. all' } };
const budget: Ask = { kind: 'budget', detail: { budget_id: 'b', scope: 'user', limit_usd: 5, spent_usd: 5 } };
const trust: Ask = { kind: 'trust', detail: { project_path: '/p', hooks: [], mcp_servers: [], rules: [] } };

function check(ask: Ask, answer: unknown, permission_mode: PermissionMode = 'default'): unknown {
  const checked = checkAnswer(ask, answer, { permission_mode });
  return checked.ok ? checked.answer : checked.code;
}

describe('checkAnswer() of a permission', () => {
  test('takes each decision in its normal form', () => {
    assert.deepEqual(check(permission, { decision: 'allow' }), { decision: 'allow' });
    assert.deepEqual(check(permission, { decision: 'deny', reason: ' no ' }), { decision: 'deny', reason: 'no' });
    assert.deepEqual(check(permission, { decision: 'deny', reason: '  ' }), { decision: 'deny' });
    assert.deepEqual(check(permission, { decision: 'deny_and_stop' }), { decision: 'deny_and_stop' });
    const changed = { decision: 'allow', updated_input: { command: 'git push -n' } };
    assert.deepEqual(check(permission, changed), changed);
  });
  test('drops an input that is what was asked, whatever the order of its keys', () => {
    const same = { decision: 'allow', updated_input: { timeout: 5, command: 'git push' } };
    assert.deepEqual(check(permission, same), { decision: 'allow' });
  });
  test('for the session takes the first suggestion, or a narrower rule for the same tool', () => {
    const session = { decision: 'allow_session' };
    assert.deepEqual(check(permission, session), { ...session, rule: 'Bash(git push *)' });
    assert.deepEqual(check(permission, { ...session, rule: 'Bash(git push)' }), { ...session, rule: 'Bash(git push)' });
    assert.equal(check(permission, { ...session, rule: 'Bash' }), 'NOT_PERMITTED');
    assert.equal(check(permission, { ...session, rule: 'Write(/x)' }), 'NOT_PERMITTED');
    assert.deepEqual(check(permission, { ...session, rule: 'Bash' }, 'bypassPermissions'), {
      ...session,
      rule: 'Bash',
    });
    assert.equal(check(permission, { ...session, rule: 'Bash(' }), 'INVALID_ANSWER');
  });
  test('refuses what does not fit', () => {
    const bad = [
      null,
      'allow',
      [],
      {},
      { decision: 'maybe' },
      { decision: 'allow', updated_input: 'x' },
      { decision: 'allow', rule: 'Bash' },
      { decision: 'allow', response: 'x' },
      { decision: 'deny', reason: 5 },
    ];
    for (const answer of bad) assert.equal(check(permission, answer), 'INVALID_ANSWER', JSON.stringify(answer));
  });
  test('is not permitted under a ceiling that allows nothing, which may still deny', () => {
    assert.equal(check(permission, { decision: 'allow' }, 'plan'), 'NOT_PERMITTED');
    assert.deepEqual(check(permission, { decision: 'deny' }, 'dontAsk'), { decision: 'deny' });
  });
});

describe('checkAnswer() of the other kinds', () => {
  test('wants an answer to each question, or a reply to all', () => {
    const answers = { 'Which colours?': 'Red, Blue', 'How many?': ' a few ' };
    assert.deepEqual(check(question, { answers }), {
      answers: { 'Which colours?': 'Red, Blue', 'How many?': 'a few' },
    });
    assert.deepEqual(check(question, { response: ' later ' }), { response: 'later' });
    const bad = [
      {},
      { answers: {} },
      { answers: { 'How many?': '2' } },
      { answers: { ...answers, x: 'y' } },
      { answers, response: 'x' },
      { response: '' },
      { answers: { ...answers, 'How many?': ['2'] } },
    ];
    for (const answer of bad) assert.equal(check(question, answer), 'INVALID_ANSWER', JSON.stringify(answer));
  });
  test('holds the mode after a plan below the ceiling', () => {
    assert.deepEqual(check(plan, { decision: 'approve' }), { decision: 'approve' });
    const wide = { decision: 'approve', permission_mode: 'acceptEdits' };
    assert.equal(check(plan, wide), 'NOT_PERMITTED');
    assert.deepEqual(check(plan, wide, 'acceptEdits'), wide);
    assert.equal(check(plan, { decision: 'approve', permission_mode: 'auto' }), 'INVALID_ANSWER');
    assert.deepEqual(check(plan, { decision: 'approve', plan: '# Do it\n1. all\n' }), { decision: 'approve' });
    assert.deepEqual(check(plan, { decision: 'approve', plan: 'less' }), { decision: 'approve', plan: 'less' });
    assert.deepEqual(check(plan, { decision: 'reject', reason: 'no' }), { decision: 'reject', reason: 'no' });
  });
  test('wants a limit above what is spent', () => {
    assert.deepEqual(check(budget, { decision: 'raise', limit_usd: 10 }), { decision: 'raise', limit_usd: 10 });
    assert.equal(check(budget, { decision: 'raise', limit_usd: 5 }), 'INVALID_ANSWER');
    assert.equal(check(budget, { decision: 'raise' }), 'INVALID_ANSWER');
    assert.deepEqual(check(budget, { decision: 'stop' }), { decision: 'stop' });
    assert.deepEqual(check(trust, { decision: 'refuse' }), { decision: 'refuse' });
    assert.equal(check(trust, { decision: 'allow' }), 'INVALID_ANSWER');
  });
  test('never throws, and what it returns is accepted again as the same answer', () => {
    const asks = fc.constantFrom(permission, question, plan, budget, trust);
    const words = fc.constantFrom(
      'allow',
      'allow_session',
      'deny',
      'deny_and_stop',
      'approve',
      'reject',
      'raise',
      'lift',
      'stop',
      'trust',
      'refuse',
    );
    const shaped = fc.record(
      {
        decision: words,
        reason: fc.string(),
        plan: fc.string(),
        limit_usd: fc.double(),
        rule: fc.string(),
        response: fc.string(),
        updated_input: fc.object(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(asks, fc.oneof(shaped, fc.jsonValue()), (ask, answer) => {
        const checked = checkAnswer(ask, answer, { permission_mode: 'default' });
        if (!checked.ok) return;
        assert.deepEqual(checkAnswer(ask, checked.answer, { permission_mode: 'default' }), checked);
        assert.ok(answerInWords(checked.answer).length <= 120);
      }),
      { seed: 12, numRuns: 1_000 },
    );
  });
});

test('titleOf() says in one line what is asked', () => {
  assert.deepEqual([permission, question, plan, budget, trust].map(titleOf), [
    'Bash: git push',
    'Which colours? (and 1 more)',
    'Plan: Do it',
    'Budget of $5 reached (user)',
    'Trust /p?',
  ]);
});

test('isSameJson() does not look at the order of keys or at fields that are not set', () => {
  assert.equal(isSameJson({ a: 1, b: [{ c: null }] }, { b: [{ c: null, d: undefined }], a: 1 }), true);
  assert.equal(isSameJson({ a: 1 }, { a: '1' }), false);
  assert.equal(isSameJson([1, 2], [2, 1]), false);
});
