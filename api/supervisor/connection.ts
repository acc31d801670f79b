import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { WebSocket } from 'ws';
import type { Audit } from '../../domain/access/audit.ts';
import { XswarmError, errors } from '../../domain/errors.ts';
import { toErrorBody, toXswarmError } from '../error-body.ts';
import type { Logger } from '../../domain/logger.ts';
import type { ApiLimits } from '../options.ts';
import { recordRefusal } from '../access/refusals.ts';
import { parse } from '../parse.ts';
import type { RateLimiter } from '../access/rate-limit.ts';
import type { Caller, SessionService } from '../service/service.ts';
import { CLOSE_CODES } from './close-codes.ts';
import { makeHandlers } from './commands.ts';
import type { Handlers } from './commands.ts';
import { makeEndNotices } from './end-notices.ts';
import type { EndWatch } from './end-watch.ts';
import { COMMANDS, commandType } from './frames.ts';
import type { Answer, CommandType } from './frames.ts';
import { makeLanes } from './lanes.ts';
import { makeOutbox } from './outbox.ts';
import { readFrame, requestIdIn } from './read-frame.ts';
import type { RawFrame } from './read-frame.ts';
import { makeSubscriptions } from './subscriptions.ts';

const BAD_TOKEN = 'Missing or invalid token';
const ENDED_TOKEN = 'The token is not valid any more';

/** What every connection shares. */
export interface ConnectionDeps {
  service: SessionService;
  endWatch: EndWatch;
  /** Throws `RATE_LIMITED` for an address that failed too often. */
  logIn(address: string, token: string): Caller | null;
  /** Whom a token stands for now; null when it is no good any more. */
  authenticate(token: string): Caller | null;
  audit: Audit;
  limiter: RateLimiter;
  limits: ApiLimits;
  logger: Logger;
}

/** Who the upgrade's header named: nobody yet, so that the first frame has to, or somebody with a token that is no good. */
export type KnownCaller = Credentials | null | 'refused';

/** A caller, and the secret that is looked at again for as long as the connection lives. */
export interface Credentials {
  caller: Caller;
  secret: string;
}

/** Serves one socket until it closes. */
export function serveConnection(socket: WebSocket, address: string, known: KnownCaller, deps: ConnectionDeps): void {
  const { service, endWatch, audit, limiter, limits, logger } = deps;
  const id = randomUUID();
  const gone = new AbortController();
  // Every command that waits listens to it, and a thousand may.
  setMaxListeners(0, gone.signal);
  const outbox = makeOutbox(socket, limits);
  let credentials = known === 'refused' ? null : known;
  let running = 0;

  const sendError = (thrown: unknown, about: RawFrame): void => {
    const error = toXswarmError(thrown);
    const requestId = requestIdIn(about) ?? randomUUID();
    if (error.code === 'INTERNAL') logger.error({ err: thrown, request_id: requestId }, 'Command failed unexpectedly');
    recordRefusal(audit, error, {
      caller: credentials?.caller ?? null,
      door: 'socket',
      object: String(about['type']).slice(0, 100),
    });
    const { session_id: sessionId } = about;
    outbox.send({
      ...toErrorBody(error, requestId),
      ...(typeof sessionId === 'string' ? { session_id: sessionId } : {}),
    });
  };

  const notices = makeEndNotices({
    endWatch,
    getSession: async (sessionId) => await service.get(knownCaller(), sessionId),
    tell: (sessionId, end) => outbox.send({ type: 'claude_code_disconnected', session_id: sessionId, ...end }),
    ask: (interaction) => outbox.send({ type: 'interaction', ...interaction }),
    onError: (error) => logger.warn({ err: error, connection: id }, 'Looking after the end of a session failed'),
  });
  const subscriptions = makeSubscriptions({
    service,
    outbox,
    maxSubscriptions: limits.maxSubscriptions,
    onError: (sessionId, error) => sendError(error, { session_id: sessionId }),
  });
  const handlers = makeHandlers({
    service,
    lanes: makeLanes(),
    notices,
    subscriptions,
    maxWaitMs: limits.maxWaitMs,
    signal: gone.signal,
  });

  const stop = (): void => {
    clearTimeout(authTimer);
    clearInterval(recheck);
    gone.abort();
    subscriptions.close();
    notices.close();
  };

  const refuse = (message: string, requestId?: string | number): void => {
    recordRefusal(audit, errors.unauthenticated(message), {
      caller: credentials?.caller ?? null,
      door: 'socket',
      object: address,
      action: 'login',
    });
    outbox.send({
      type: 'auth_result',
      success: false,
      message,
      ...(requestId === undefined ? {} : { request_id: requestId }),
    });
    socket.close(CLOSE_CODES.unauthenticated, 'unauthenticated');
  };
  const authTimer = setTimeout(() => refuse(`No token within ${limits.authTimeoutMs / 1000} s`), limits.authTimeoutMs);
  if (credentials !== null) clearTimeout(authTimer);
  const recheck = setInterval(() => void isKnown(), limits.recheckMs);
  if (known === 'refused') refuse(BAD_TOKEN);

  /** Looks at the token again; ends the connection where it was revoked, has expired, or its user is gone. */
  function isKnown(): boolean {
    if (credentials === null) return true;
    try {
      const now = deps.authenticate(credentials.secret);
      if (now !== null) {
        credentials = { ...credentials, caller: now };
        return true;
      }
    } catch (error) {
      logger.debug({ err: error, connection: id }, 'The token could not be looked at again');
      return true;
    }
    if (socket.readyState === socket.OPEN) refuse(ENDED_TOKEN);
    stop();
    return false;
  }

  function knownCaller(): Caller {
    if (credentials === null || !isKnown()) throw errors.unauthenticated();
    return credentials.caller;
  }

  const authenticate = (frame: RawFrame): void => {
    const { token } = parse(COMMANDS.auth, frame, 'auth');
    const requestId = requestIdIn(frame);
    clearTimeout(authTimer);
    const found = deps.logIn(address, token);
    if (found === null) return refuse(BAD_TOKEN, requestId);
    // A connection stays who it was: what it follows was looked up for that caller.
    credentials ??= { caller: found, secret: token };
    const { caller } = credentials;
    const message = caller.user_id === null ? 'Authenticated' : `Authenticated as ${caller.user_id}`;
    outbox.send({
      type: 'auth_result',
      success: true,
      message,
      ...(requestId === undefined ? {} : { request_id: requestId }),
    });
  };

  const carryOut = async <T extends keyof Handlers>(type: T, frame: RawFrame, as: Caller): Promise<void> => {
    const command = parse(COMMANDS[type], frame, type);
    if (running >= limits.maxCommands) throw errors.rateLimited(1);
    const requestId = requestIdIn(frame);
    const reply = (answer: Answer): void =>
      outbox.send(requestId === undefined ? answer : { ...answer, request_id: requestId });
    running += 1;
    try {
      // The table of handlers and the table of schemas have the same keys; TypeScript cannot follow the pair.
      await (handlers[type] as (command: unknown, as: Caller, reply: (answer: Answer) => void) => Promise<void> | void)(
        command,
        as,
        reply,
      );
    } finally {
      running -= 1;
    }
  };

  const typeOf = (frame: RawFrame): CommandType => {
    if (typeof frame['type'] !== 'string')
      throw errors.invalidRequest('Invalid frame: expected an object with a "type"');
    const type = commandType(frame['type']);
    if (type === null) throw errors.invalidRequest(`Unknown message type: ${frame['type'].slice(0, 100)}`);
    return type;
  };

  /** A user's connections share one rate; so do those of one address whose user is not known. */
  const rateKey = (): string => {
    const user = credentials?.caller.user_id ?? null;
    return user === null ? `address:${address}` : `user:${user}`;
  };

  const receive = async (data: Buffer, isBinary: boolean): Promise<void> => {
    let frame: RawFrame = {};
    try {
      if (credentials === null && data.length > limits.firstFrameBytes)
        return refuse(`The first frame is larger than ${limits.firstFrameBytes} bytes`);
      const waitSeconds = limiter.take(rateKey());
      frame = readFrame(data, isBinary);
      if (waitSeconds > 0) throw errors.rateLimited(waitSeconds);
      if (data.length > limits.bodyBytes) throw errors.tooLarge(limits.bodyBytes);
      const type = typeOf(frame);
      if (type === 'auth') return authenticate(frame);
      if (credentials === null) throw errors.unauthenticated('Not authenticated: the first frame has to be "auth"');
      if (isKnown()) await carryOut(type, frame, credentials.caller);
    } catch (error) {
      if (!(gone.signal.aborted && !(error instanceof XswarmError))) sendError(error, frame);
    }
  };

  socket.on('message', (data, isBinary) => {
    if (socket.readyState === socket.OPEN) void receive(data as Buffer, isBinary);
  });
  socket.on('error', (error) => logger.debug({ err: error, connection: id }, 'Supervisor socket failed'));
  socket.once('close', stop);
}
