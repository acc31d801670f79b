import type { Response } from 'express';
import type { ApiLimits } from '../options.ts';
import { toHistoryMessage } from '../service/present.ts';
import type { MessageState, SessionService } from '../service/service.ts';
import { isSettled, turnAnswer, waitForTurn } from '../service/wait-for-turn.ts';
import type { Bind } from './http/bind.ts';
import { parsePrefer } from './prefer.ts';
import { PREFIX } from './http/route-spec.ts';
import { MESSAGE_ROUTES } from './routes/message-routes.ts';

/** 200 with the answer of a settled turn, its error, or 202 with the place where the answer will be. */
function answerTurn(res: Response, state: MessageState, isAsync: boolean): void {
  if (isSettled(state) && !isAsync) return void res.json(turnAnswer(state));
  const url = `${PREFIX}/sessions/${state.session_id}/messages/${state.message_id}`;
  res.status(202).location(url).json({ message_id: state.message_id, status: state.status, url });
}

/** What is said in sessions: send, look at, page through, search. */
export function bindMessages(bind: Bind, { service, limits }: { service: SessionService; limits: ApiLimits }): void {
  bind(MESSAGE_ROUTES.sendMessage, async ({ caller, params, headers, body, signal, res }) => {
    const preference = parsePrefer(headers.prefer, limits.defaultWaitMs, limits.maxWaitMs);
    const idempotencyKey = headers['idempotency-key'] ?? null;
    const input = { ...body, idempotency_key: idempotencyKey };
    const accepted = await service.submit(caller, params.session_id, input);
    const state = await waitForTurn(service, caller, accepted, preference.waitMs, signal);
    if (preference.applied !== null) res.set('Preference-Applied', preference.applied);
    answerTurn(res, state, preference.applied === 'respond-async');
  });

  bind(MESSAGE_ROUTES.listMessages, async ({ caller, params, query, res }) => {
    const { items, next_cursor } = await service.history(caller, params.session_id, query);
    res.json({ messages: items.map(toHistoryMessage), next_cursor });
  });

  bind(MESSAGE_ROUTES.getMessage, async ({ caller, params, res }) => {
    res.json(await service.message(caller, params.session_id, params.message_id));
  });

  bind(MESSAGE_ROUTES.searchMessages, async ({ caller, query, res }) => {
    const hits = await service.search(caller, query);
    res.json({ messages: hits.map(toHistoryMessage) });
  });
}
