import { pipeline } from 'node:stream/promises';
import { exportSession } from '../service/export-session.ts';
import { toConnected } from '../service/present.ts';
import type { SessionService } from '../service/service.ts';
import type { Bind } from './http/bind.ts';
import { NDJSON, PREFIX } from './http/route-spec.ts';
import { SESSION_ROUTES } from './sessions.ts';

const USER_REQUESTED = 'User requested';

/** The life of sessions: create, list, look at, interrupt, end, export. */
export function bindSessions(bind: Bind, { service }: { service: SessionService }): void {
  bind(SESSION_ROUTES.createSession, async ({ caller, body, signal, res }) => {
    const session = await service.create(caller, body, signal);
    res.status(201).location(`${PREFIX}/sessions/${session.id}`).json(toConnected(session));
  });

  bind(SESSION_ROUTES.listSessions, async ({ caller, query, res }) => {
    const { items, next_cursor } = await service.list(caller, query);
    res.json({ sessions: items, next_cursor });
  });

  bind(SESSION_ROUTES.listUserSessions, async ({ caller, params, query, res }) => {
    const { items, next_cursor } = await service.list(caller, { ...query, user_id: params.user_id });
    res.json({ sessions: items, next_cursor });
  });

  bind(SESSION_ROUTES.cleanupSessions, async ({ caller, res }) => {
    res.json({ cleaned: await service.cleanup(caller) });
  });

  bind(SESSION_ROUTES.getSession, async ({ caller, params, res }) => {
    res.json(await service.get(caller, params.session_id));
  });

  bind(SESSION_ROUTES.disconnectSession, async ({ caller, params, query, body, res }) => {
    const wish = body.reason ?? query.reason ?? USER_REQUESTED;
    const { reason, timestamp } = await service.disconnect(caller, params.session_id, wish);
    res.json({ session_id: params.session_id, reason, timestamp });
  });

  bind(SESSION_ROUTES.interruptSession, async ({ caller, params, body, res }) => {
    const interrupted = await service.interrupt(caller, params.session_id, body.message_id);
    res.json({ session_id: params.session_id, interrupted });
  });

  bind(SESSION_ROUTES.resumeSession, async ({ caller, params, signal, res }) => {
    res.json(await service.resume(caller, params.session_id, signal));
  });

  bind(SESSION_ROUTES.reportPresence, async ({ caller, params, res }) => {
    await service.presence(caller, params.session_id);
    res.status(204).end();
  });

  bind(SESSION_ROUTES.exportSession, async ({ caller, params, query, signal, res }) => {
    const session = await service.get(caller, params.session_id);
    res.type(query.format === 'md' ? 'text/markdown; charset=utf-8' : NDJSON);
    await pipeline(exportSession({ service, caller, session, format: query.format }), res, { signal });
  });
}
