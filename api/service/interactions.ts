import { setTimeout as sleep } from 'node:timers/promises';
import type { InboxFilter } from '../../db/queries/interactions.ts';
import type { Caller, Door } from '../../domain/access/caller.ts';
import { checkAnswer } from '../../domain/control/check-answer.ts';
import type { Ceiling } from '../../domain/control/check-answer.ts';
import { answerInWords, isSameJson } from '../../domain/control/interaction.ts';
import type { Answer, AnswerOutcome, ShownInteraction } from '../../domain/control/interaction.ts';
import { errors, XswarmError } from '../../domain/errors.ts';
import type { Page } from '../../domain/service-data.ts';
import { onlyUserOf, policy } from '../access/policy.ts';
import type { ServiceContext } from './context.ts';

/** The mirror shows a question a moment before its workflow has booked it. */
const BOOKED_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 100;

/** What waits for people, and their answers. The workflow of the session decides which answer is the first. */
export class Interactions {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  /** What waits for the caller, oldest first. */
  inbox(caller: Caller, filter: InboxFilter): Page<ShownInteraction> {
    const { user_id, session_id } = filter;
    if (session_id !== undefined) this.#context.visible(caller, 'read_session', session_id);
    const only = onlyUserOf(caller);
    if (user_id !== undefined && only !== null && user_id !== only) throw errors.userNotFound(user_id);
    return this.#context.interactions.inbox({ ...filter, user_id: user_id ?? only ?? undefined });
  }

  /** One interaction. Throws `INTERACTION_NOT_FOUND`, also for one that the caller may not see. */
  get(caller: Caller, interactionId: string): ShownInteraction {
    const found = this.#context.interactions.find(interactionId);
    const owner = found === null ? null : this.#context.sessions.find(found.session_id);
    if (found === null || owner === null || policy(caller, 'read_session', owner.user_id) !== 'allowed') {
      throw errors.interactionNotFound(interactionId);
    }
    return found;
  }

  /**
   * Records an answer and returns the interaction as it is then; the same answer again returns the same. Throws
   * `INVALID_ANSWER`, `NOT_PERMITTED`, `ALREADY_ANSWERED` and `INTERACTION_WITHDRAWN`.
   */
  async answer(caller: Caller, interactionId: string, input: unknown, via: Door): Promise<ShownInteraction> {
    const asked = this.get(caller, interactionId);
    const checked = checkAnswer(asked, input, ceilingOf(caller));
    if (!checked.ok) throw new XswarmError(checked.code, checked.reason);
    if (asked.status !== 'open') return settledAgainst(asked, checked.answer);
    const by = caller.user_id ?? 'local';
    const outcome = await this.#submit(asked, { interaction_id: interactionId, answer: checked.answer, by, via });
    if (outcome !== null && 'end' in outcome) {
      // So that the caller, and everybody after it, reads what was recorded; the worker writes the same.
      await this.#context.mirror.write([{ type: 'interaction', session_id: asked.session_id, end: outcome.end }]);
    }
    const now = this.get(caller, interactionId);
    if (now.status === 'open') throw errors.unavailable(`The workflow of session ${asked.session_id}`);
    return settledAgainst(now, checked.answer);
  }

  /** What the workflow recorded; null where its session has ended. */
  async #submit(
    { session_id }: ShownInteraction,
    given: Parameters<ServiceContext['workflows']['answer']>[1],
  ): Promise<AnswerOutcome | null> {
    const limit = Date.now() + BOOKED_WITHIN_MS;
    for (;;) {
      try {
        const outcome = await this.#context.workflows.answer(session_id, given);
        if (outcome.type !== 'rejected' || outcome.code !== 'INTERACTION_NOT_FOUND') return outcome;
      } catch (error) {
        if (error instanceof XswarmError && error.code === 'SESSION_NOT_ACTIVE') return null;
        throw error;
      }
      if (Date.now() >= limit) return null;
      await sleep(LOOK_AGAIN_MS);
    }
  }
}

/** Without a limit of their own, people may allow what does not reach beyond the project; admins may allow anything. */
function ceilingOf(caller: Caller): Ceiling {
  return { permission_mode: caller.admin ? 'bypassPermissions' : 'acceptEdits' };
}

/** The interaction where this is the answer that was recorded; else why this answer comes too late. */
function settledAgainst(now: ShownInteraction, answer: Answer): ShownInteraction {
  if (now.status === 'answered') {
    if (isSameJson(now.answer, answer)) return now;
    const { interaction_id, answered_by, answered_via, answered_at } = now;
    const words = now.answer === null ? '' : `: ${answerInWords(now.answer)}`;
    const who = `by ${answered_by ?? 'somebody'} via ${answered_via ?? 'another door'} at ${answered_at ?? ''}`;
    throw new XswarmError('ALREADY_ANSWERED', `Interaction is already answered: ${interaction_id} ${who}${words}`, {
      details: { interaction: now },
    });
  }
  const reason = now.withdrawn_reason ?? (now.status === 'expired' ? 'its time limit passed' : 'its turn ended');
  throw new XswarmError('INTERACTION_WITHDRAWN', `Interaction is withdrawn: ${now.interaction_id}: ${reason}`, {
    details: { interaction: now },
  });
}
