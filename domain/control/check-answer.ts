import { PERMISSION_MODES } from '../session/session.ts';
import type { PermissionMode } from '../session/session.ts';
import { isSameJson } from './interaction.ts';
import type { Answer, AnswerByKind, Ask, DetailByKind, InteractionKind } from './interaction.ts';
import { isWider } from './policy.ts';
import { parseRule } from './rules.ts';

/** What the person who answers may allow. */
export interface Ceiling {
  permission_mode: PermissionMode;
}

/** An answer in its normal form, or why it is refused. */
export type CheckedAnswer<A = Answer> =
  { ok: true; answer: A } | { ok: false; code: 'INVALID_ANSWER' | 'NOT_PERMITTED'; reason: string };

type Fields = Record<string, unknown>;
type Check<K extends InteractionKind> = (
  answer: Fields,
  detail: DetailByKind[K],
  ceiling: Ceiling,
) => CheckedAnswer<AnswerByKind[K]>;

const CHECKS: { [K in InteractionKind]: Check<K> } = {
  permission: checkPermission,
  question: checkQuestion,
  plan: checkPlan,
  budget: checkBudget,
  trust: checkTrust,
};

/** Reads an answer to what is asked, for a person with this ceiling. Fields that the kind does not have are refused. */
export function checkAnswer(ask: Ask, answer: unknown, ceiling: Ceiling): CheckedAnswer {
  if (!isObject(answer)) return invalid('an answer is an object');
  const check = CHECKS[ask.kind] as Check<InteractionKind>;
  return check(answer, ask.detail, ceiling);
}

function checkPermission(
  answer: Fields,
  detail: DetailByKind['permission'],
  ceiling: Ceiling,
): CheckedAnswer<AnswerByKind['permission']> {
  const { decision, updated_input: updated, rule, reason } = answer;
  if (decision === 'deny' || decision === 'deny_and_stop') {
    const wrong = unknownField(answer, ['decision', 'reason']) ?? notText('reason', reason);
    return wrong ?? { ok: true, answer: { decision, ...textField('reason', reason) } };
  }
  if (decision !== 'allow' && decision !== 'allow_session') {
    return invalid('decision must be "allow", "allow_session", "deny" or "deny_and_stop"');
  }
  const wrong = unknownField(answer, ['decision', 'updated_input', ...(decision === 'allow' ? [] : ['rule'])]);
  if (wrong !== null) return wrong;
  if (updated !== undefined && !isObject(updated)) return invalid('updated_input must be an object');
  if (isWider('default', ceiling.permission_mode))
    return notPermitted(`Your ceiling "${ceiling.permission_mode}" allows no tool calls`);
  const changed = updated === undefined || isSameJson(updated, detail.input) ? {} : { updated_input: updated };
  if (decision === 'allow') return { ok: true, answer: { decision, ...changed } };

  const wanted = rule ?? detail.suggestions[0]?.rule;
  if (typeof wanted !== 'string')
    return invalid('rule must say what is allowed for the session: nothing is suggested for this call');
  const parsed = parseRule(wanted);
  if (parsed === null) return invalid(`rule "${wanted}" is not in the syntax of Claude Code`);
  const isSuggested = detail.suggestions.some((suggestion) => suggestion.rule === wanted);
  if (!isSuggested && ceiling.permission_mode !== 'bypassPermissions') {
    if (parsed.tool !== detail.tool)
      return notPermitted(`The rule is for ${parsed.tool}, and ${detail.tool} was asked for`);
    if (parsed.specifier === null) return notPermitted(`All uses of ${parsed.tool} are more than your ceiling allows`);
  }
  return { ok: true, answer: { decision, rule: wanted, ...changed } };
}

function checkQuestion(
  answer: Fields,
  { questions }: DetailByKind['question'],
): CheckedAnswer<AnswerByKind['question']> {
  const { answers, response } = answer;
  const wrong = unknownField(answer, ['answers', 'response']);
  if (wrong !== null) return wrong;
  if ((answers === undefined) === (response === undefined)) return invalid('either answers or response is needed');
  if (response !== undefined) {
    if (!isText(response)) return invalid('response must be a text that is not empty');
    return { ok: true, answer: { response: response.trim() } };
  }
  if (!isObject(answers)) return invalid('answers must be an object of texts by question');
  const asked = questions.map(({ question }) => question);
  const given: Record<string, string> = {};
  for (const [question, text] of Object.entries(answers)) {
    if (!asked.includes(question)) return invalid(`"${question}" was not asked`);
    if (!isText(text)) return invalid(`the answer to "${question}" must be a text that is not empty`);
    given[question] = text.trim();
  }
  const missing = asked.find((question) => !Object.hasOwn(given, question));
  return missing === undefined ? { ok: true, answer: { answers: given } } : invalid(`"${missing}" is not answered`);
}

function checkPlan(
  answer: Fields,
  detail: DetailByKind['plan'],
  ceiling: Ceiling,
): CheckedAnswer<AnswerByKind['plan']> {
  const { decision, permission_mode: asked, plan, reason } = answer;
  if (decision === 'reject') {
    const wrong = unknownField(answer, ['decision', 'reason']) ?? notText('reason', reason);
    return wrong ?? { ok: true, answer: { decision, ...textField('reason', reason) } };
  }
  if (decision !== 'approve') return invalid('decision must be "approve" or "reject"');
  const wrong = unknownField(answer, ['decision', 'permission_mode', 'plan']) ?? notText('plan', plan);
  if (wrong !== null) return wrong;
  const mode = PERMISSION_MODES.find((one) => one === asked);
  if (asked !== undefined && mode === undefined)
    return invalid(`permission_mode must be one of ${PERMISSION_MODES.join(', ')}`);
  if (isWider('default', ceiling.permission_mode)) {
    return notPermitted(`Your ceiling "${ceiling.permission_mode}" does not let a plan be carried out`);
  }
  if (mode !== undefined && isWider(mode, ceiling.permission_mode)) {
    return notPermitted(`The mode "${mode}" is wider than your ceiling "${ceiling.permission_mode}"`);
  }
  const edited = isText(plan) && plan.trim() !== detail.plan.trim() ? { plan } : {};
  return { ok: true, answer: { decision, ...(mode === undefined ? {} : { permission_mode: mode }), ...edited } };
}

function checkBudget(answer: Fields, detail: DetailByKind['budget']): CheckedAnswer<AnswerByKind['budget']> {
  const { decision, limit_usd: limit } = answer;
  const wrong = unknownField(answer, decision === 'raise' ? ['decision', 'limit_usd'] : ['decision']);
  if (wrong !== null) return wrong;
  if (decision === 'lift' || decision === 'stop') return { ok: true, answer: { decision } };
  if (decision !== 'raise') return invalid('decision must be "raise", "lift" or "stop"');
  if (typeof limit !== 'number' || !Number.isFinite(limit) || limit <= detail.spent_usd) {
    return invalid(`limit_usd must be more than what is spent ($${detail.spent_usd})`);
  }
  return { ok: true, answer: { decision, limit_usd: limit } };
}

function checkTrust(answer: Fields): CheckedAnswer<AnswerByKind['trust']> {
  const { decision } = answer;
  const wrong = unknownField(answer, ['decision']);
  if (wrong !== null) return wrong;
  return decision === 'trust' || decision === 'refuse'
    ? { ok: true, answer: { decision } }
    : invalid('decision must be "trust" or "refuse"');
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function textField<N extends string>(name: N, value: unknown): { [K in N]?: string } {
  return (isText(value) ? { [name]: value.trim() } : {}) as { [K in N]?: string };
}

function notText(name: string, value: unknown): Refused | null {
  return value === undefined || typeof value === 'string' ? null : invalid(`${name} must be a text`);
}

function unknownField(answer: Fields, known: string[]): Refused | null {
  const other = Object.keys(answer).find((key) => answer[key] !== undefined && !known.includes(key));
  return other === undefined ? null : invalid(`"${other}" does not belong to this answer`);
}

type Refused = Extract<CheckedAnswer, { ok: false }>;

function invalid(reason: string): Refused {
  return { ok: false, code: 'INVALID_ANSWER', reason };
}

function notPermitted(reason: string): Refused {
  return { ok: false, code: 'NOT_PERMITTED', reason };
}
