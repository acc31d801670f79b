import express, { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';
import { errors, XswarmError } from '../../domain/errors.ts';
import type { EncryptingCodec } from '../../temporal/payloads/payload-codec.ts';
import { CODEC_PATH } from '../../temporal/server/dev-server-args.ts';
import { sessionIdOf } from '../../workflows/definitions.ts';
import { LOCAL_CALLER, type Identify } from '../access/identify.ts';
import { policy } from '../access/policy.ts';
import type { CookieLogins } from '../page/cookie-logins.ts';
import { parse } from '../parse.ts';
import { bearerToken, isLoopbackHostHeader } from '../../protocol/http-access.ts';
import type { Caller, SessionService } from '../service/service.ts';

const BODY_BYTES = 16 * 1024 * 1024;

const payload = z.object({ metadata: z.record(z.string(), z.string()).optional(), data: z.string().optional() });
type JsonPayload = z.infer<typeof payload>;
const body = z.object({ payloads: z.array(payload).max(10_000) });

/** What the codec server works with. */
export interface CodecOptions {
  codec: Pick<EncryptingCodec, 'decrypt'>;
  /** The origins of the Web UI, exactly as browsers send them. */
  origins: readonly string[];
}

/**
 * Decrypts payloads for Temporal's Web UI, and nothing else: it answers the UI's own origin only, and a caller sees the sessions
 * that it may see. What it does not decrypt stays as it is. It has a guard of its own, because the UI is another origin than
 * the API. Not for callers: it is in no document.
 */
export function codecRouter(
  { codec, origins }: CodecOptions,
  access: { auth: 'local' | 'token'; identify: Identify; logins: CookieLogins | null; service: SessionService },
): Router {
  const router = Router();

  router.use(CODEC_PATH, (req, res, next) => {
    const { origin, host } = req.headers;
    if (access.auth === 'local' && !isLoopbackHostHeader(host)) throw errors.forbidden('Host is foreign');
    if (origin === undefined || !origins.includes(origin)) throw errors.forbidden('Origin is foreign');
    res.set({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': 'content-type, x-namespace, authorization, caller-type',
      'Cache-Control': 'no-store',
      Vary: 'Origin',
    });
    if (req.method === 'OPTIONS') return void res.status(204).end();
    next();
  });

  router.post(`${CODEC_PATH}/decode`, express.json({ limit: BODY_BYTES }), async (req, res) => {
    const caller = callerOf(req);
    const visible = new Map<string, boolean>();
    const payloads: JsonPayload[] = [];
    for (const one of parse(body, req.body, 'body').payloads) payloads.push(await shown(caller, one, visible));
    res.json({ payloads });
  });

  function callerOf(req: Request): Caller {
    if (access.auth === 'local') return LOCAL_CALLER;
    const login = bearerToken(req.headers.authorization) === null ? access.logins?.read(req) : null;
    return login?.caller ?? access.identify(req);
  }

  async function shown(caller: Caller, encrypted: JsonPayload, visible: Map<string, boolean>): Promise<JsonPayload> {
    const decrypted = codec.decrypt(fromJson(encrypted));
    if (decrypted === null) return encrypted;
    const sessionId = sessionIdOf(decrypted.workflowId);
    const mayRead = visible.get(sessionId) ?? (await maySee(caller, sessionId));
    visible.set(sessionId, mayRead);
    return mayRead ? toJson(decrypted.payload) : encrypted;
  }

  async function maySee(caller: Caller, sessionId: string): Promise<boolean> {
    if (policy(caller, 'read_everything', null) === 'allowed') return true;
    try {
      await access.service.get(caller, sessionId);
      return true;
    } catch (error) {
      if (error instanceof XswarmError && error.code === 'SESSION_NOT_FOUND') return false;
      throw error;
    }
  }

  return router;
}

type Payload = Parameters<EncryptingCodec['decrypt']>[0];

function fromJson({ metadata = {}, data = '' }: JsonPayload): Payload {
  const entries = Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]);
  return { metadata: Object.fromEntries(entries) as Payload['metadata'], data: Buffer.from(data, 'base64') };
}

function toJson({ metadata, data }: Payload): JsonPayload {
  const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]);
  return { metadata: Object.fromEntries(entries) as Record<string, string>, data: base64(data) };
}

function base64(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64');
}
