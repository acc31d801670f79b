import type { PermissionMode } from '../session/session.ts';

/** What may wait for a person. */
export const INTERACTION_KINDS = ['permission', 'question', 'plan', 'budget', 'trust'] as const;
export type InteractionKind = (typeof INTERACTION_KINDS)[number];

/** `open` is followed by exactly one of the others. */
export const INTERACTION_STATUSES = ['open', 'answered', 'withdrawn', 'expired'] as const;
export type InteractionStatus = (typeof INTERACTION_STATUSES)[number];

/** A rule that a person may allow for the session, in Claude Code's syntax and in plain words. */
export interface RuleSuggestion {
  rule: string;
  label: string;
}

/** A tool call that needs permission. */
export interface PermissionDetail {
  tool: string;
  input: Record<string, unknown>;
  summary: string;
  /** Why it needs a person. */
  reason: string;
  blocked_path: string | null;
  suggestions: RuleSuggestion[];
}

export interface Question {
  question: string;
  header: string;
  multi_select: boolean;
  options: { label: string; description: string }[];
}

/** What each kind shows. */
export interface DetailByKind {
  permission: PermissionDetail;
  question: { questions: Question[] };
  plan: { plan: string };
  budget: { budget_id: string; scope: string; limit_usd: number; spent_usd: number };
  trust: { project_path: string; hooks: string[]; mcp_servers: string[]; rules: string[] };
}

/** A permission as it is decided; `updated_input` is set only when it differs from what was asked. */
export type PermissionAnswer =
  | { decision: 'allow'; updated_input?: Record<string, unknown> }
  | { decision: 'allow_session'; rule: string; updated_input?: Record<string, unknown> }
  | { decision: 'deny'; reason?: string }
  | { decision: 'deny_and_stop'; reason?: string };

/** The answers by the text of each question, or a reply to all of them in the person's own words. */
export type QuestionAnswer = { answers: Record<string, string> } | { response: string };

export type PlanAnswer =
  { decision: 'approve'; permission_mode?: PermissionMode; plan?: string } | { decision: 'reject'; reason?: string };

/** What a person may answer to each kind, in its normal form: equal answers are equal values. */
export interface AnswerByKind {
  permission: PermissionAnswer;
  question: QuestionAnswer;
  plan: PlanAnswer;
  budget: { decision: 'raise'; limit_usd: number } | { decision: 'lift' } | { decision: 'stop' };
  trust: { decision: 'trust' | 'refuse' };
}
export type Answer = AnswerByKind[InteractionKind];

/** The kind and what it shows: what is asked of a person. */
export type Ask = { [K in InteractionKind]: { kind: K; detail: DetailByKind[K] } }[InteractionKind];

/** One decision that waits, or waited, for a person. Times are ISO 8601 UTC. */
export type Interaction = Ask & {
  interaction_id: string;
  session_id: string;
  /** The message whose turn waits; null where no message is concerned. */
  message_id: string | null;
  status: InteractionStatus;
  /** One line for people. */
  title: string;
  created_at: string;
  /** Null: it waits for as long as it takes. */
  expires_at: string | null;
  answer: Answer | null;
  answered_by: string | null;
  answered_via: string | null;
  answered_at: string | null;
  withdrawn_reason: string | null;
};

/** An interaction as people see it. `number` is small and unique among the open ones of a user. */
export type ShownInteraction = Interaction & { number: number };

/** How an interaction ended, as its session's workflow recorded it. */
export type InteractionEnd = Pick<
  Interaction,
  'interaction_id' | 'message_id' | 'answer' | 'answered_by' | 'answered_via' | 'withdrawn_reason'
> & {
  status: Exclude<InteractionStatus, 'open'>;
  /** When it was answered, withdrawn or expired. */
  settled_at: string;
};

/** A person's answer, checked and in its normal form. */
export interface AnswerGiven {
  interaction_id: string;
  answer: Answer;
  by: string;
  via: string;
}

/** What becomes of an answer. `repeated` is the same answer again; a rejection carries what was recorded before. */
export type AnswerOutcome =
  | { type: 'recorded' | 'repeated'; end: InteractionEnd }
  | { type: 'rejected'; code: 'ALREADY_ANSWERED' | 'INTERACTION_WITHDRAWN'; end: InteractionEnd }
  | { type: 'rejected'; code: 'INTERACTION_NOT_FOUND' };

/** Why what a message asked is withdrawn when its turn ends another way than by an answer. */
export function withdrawalOf({ failure }: { failure: { message: string } | null }): string {
  return failure?.message ?? 'The turn ended without it';
}

const TITLE_LENGTH = 120;

/** One line that says what is asked. */
export function titleOf(ask: Ask): string {
  switch (ask.kind) {
    case 'permission':
      return oneLine(`${ask.detail.tool}: ${ask.detail.summary}`);
    case 'question': {
      const [first, ...more] = ask.detail.questions;
      return oneLine((first?.question ?? 'A question') + (more.length === 0 ? '' : ` (and ${more.length} more)`));
    }
    case 'plan': {
      const heading = ask.detail.plan.split('\n').find((line) => line.trim() !== '') ?? '';
      return oneLine(`Plan: ${heading.replace(/^#+\s*/, '')}`);
    }
    case 'budget':
      return `Budget of $${ask.detail.limit_usd} reached (${ask.detail.scope})`;
    case 'trust':
      return oneLine(`Trust ${ask.detail.project_path}?`);
  }
}

/** One line that says what was decided. */
export function answerInWords(answer: Answer): string {
  if ('answers' in answer) return oneLine(Object.values(answer.answers).join('; '));
  if ('response' in answer) return oneLine(answer.response);
  switch (answer.decision) {
    case 'allow':
      return answer.updated_input === undefined ? 'allowed' : 'allowed with changes';
    case 'allow_session':
      return oneLine(`allowed for the session: ${answer.rule}`);
    case 'deny':
      return withReason('denied', answer.reason);
    case 'deny_and_stop':
      return withReason('denied and stopped', answer.reason);
    case 'approve': {
      const edited = answer.plan === undefined ? 'approved' : 'approved with changes';
      return answer.permission_mode === undefined ? edited : `${edited}, mode ${answer.permission_mode}`;
    }
    case 'reject':
      return withReason('rejected', answer.reason);
    case 'raise':
      return `limit raised to $${answer.limit_usd}`;
    case 'lift':
      return 'limit lifted';
    case 'stop':
      return 'stopped';
    case 'trust':
      return 'trusted';
    case 'refuse':
      return 'not trusted';
  }
}

function withReason(words: string, reason: string | undefined): string {
  return reason === undefined ? words : oneLine(`${words}: ${reason}`);
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > TITLE_LENGTH ? `${line.slice(0, TITLE_LENGTH - 1)}…` : line;
}

/** Whether two values are the same JSON, whatever the order of their keys. */
export function isSameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`)
    .join()}}`;
}
