import { z } from 'zod';
import { errors } from '../domain/errors.ts';
import type { JournalEvent, JournalReader, JournalSession } from '../domain/session/session-record.ts';
import { agentEvent } from './agent-protocol.ts';
import { toHttpBase, toPathPart } from './gateway-control.ts';

const TIMEOUT_MS = 15_000;

const health = z.object({ exactly_once: z.boolean() });
/** What a gateway answers when it does not know the token. */
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
export class GatewayJournalClient implements JournalReader {
  readonly #base: string;
  readonly #token: string;

  constructor({ url, token }: { url: string; token: string }) {
    this.#base = toHttpBase(url);
    this.#token = token;
  }

  async exists(): Promise<boolean> {
    // A gateway that cannot write its journal answers 503; the journal can still be read.
    const { body } = await this.#get('/health');
    const known = health.safeParse(body).data;
    if (known === undefined && stranger.safeParse(body).success) {
      throw errors.unavailable('The journal of the gateway (it refuses the token)', body);
    }
    return known?.exactly_once ?? false;
  }

  async *sessions(): AsyncIterable<JournalSession[]> {
    for (let after = ''; ;) {
      const { sessions } = await this.#read(`/journal/sessions?after=${encodeURIComponent(after)}`, sessionsPage);
      if (sessions.length === 0) return;
      yield sessions;
      after = sessions.at(-1)?.session_id ?? after;
    }
  }

  async *events(sessionId: string, afterSeq: number): AsyncIterable<JournalEvent[]> {
    const path = `/journal/sessions/${toPathPart(sessionId)}/events`;
    for (let after = afterSeq; ;) {
      const { events } = await this.#read(`${path}?after=${after}`, eventsPage);
      if (events.length === 0) return;
      yield events;
      after = events.at(-1)?.seq ?? after;
    }
  }

  async #read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const { ok, body } = await this.#get(path);
    const parsed = schema.safeParse(body);
    if (!ok || !parsed.success) throw errors.unavailable('The journal of the gateway', parsed.error ?? body);
    return parsed.data;
  }

  async #get(path: string): Promise<{ ok: boolean; body: unknown }> {
    try {
      const answer = await fetch(`${this.#base}${path}`, {
        headers: { authorization: `Bearer ${this.#token}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { ok: answer.ok, body: await answer.json().catch(() => null) };
    } catch (error) {
      throw errors.unavailable('The gateway', error);
    }
  }
}
