import { z } from 'zod';
import { errors } from '../domain/errors.ts';
import type { JournalReader } from '../domain/session-record.ts';
import { toPathPart } from './path-part.ts';
import { agentEvent } from './agent-protocol.ts';

const TIMEOUT_MS = 15_000;

const health = z.object({ exactly_once: z.boolean() });
/** What a gateway tells those whose token it does not know. */
const stranger = z.object({ protocol: z.string() });
const sessionsPage = z.object({
  sessions: z.array(
    z.object({
      session_id: z.string(),
      project_path: z.string(),
      created_at: z.string(),
      last_seq: z.number().int().nonnegative(),
    }),
  ),
});
const eventsPage = z.object({ events: z.array(z.object({ seq: z.number().int().positive(), event: agentEvent })) });

/** Reads the gateway's journal over HTTP, at the same address as its socket. */
export function makeJournalReader(options: { url: string; token: string }): JournalReader {
  const base = options.url.replace(/^ws/, 'http').replace(/\/$/, '');

  async function get(path: string): Promise<{ ok: boolean; body: unknown }> {
    try {
      const answer = await fetch(`${base}${path}`, {
        headers: { authorization: `Bearer ${options.token}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { ok: answer.ok, body: await answer.json().catch(() => null) };
    } catch (error) {
      throw errors.unavailable('The gateway', error);
    }
  }

  async function read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const { ok, body } = await get(path);
    const parsed = schema.safeParse(body);
    if (!ok || !parsed.success) throw errors.unavailable('The journal of the gateway', parsed.error ?? body);
    return parsed.data;
  }

  return {
    async exists() {
      // One whose journal cannot be written says so with 503 and can be read nevertheless.
      const { body } = await get('/health');
      const known = health.safeParse(body).data;
      if (known === undefined && stranger.safeParse(body).success) {
        throw errors.unavailable('The journal of the gateway (it refuses the token)', body);
      }
      return known?.exactly_once ?? false;
    },
    async *sessions() {
      for (let after = ''; ;) {
        const { sessions } = await read(`/journal/sessions?after=${encodeURIComponent(after)}`, sessionsPage);
        if (sessions.length === 0) return;
        yield sessions;
        after = sessions.at(-1)?.session_id ?? after;
      }
    },
    async *events(sessionId, afterSeq) {
      const path = `/journal/sessions/${toPathPart(sessionId)}/events`;
      for (let after = afterSeq; ;) {
        const { events } = await read(`${path}?after=${after}`, eventsPage);
        if (events.length === 0) return;
        yield events;
        after = events.at(-1)?.seq ?? after;
      }
    },
  };
}
