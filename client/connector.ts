import { randomUUID } from 'node:crypto';
import type { ProjectTrust, ReviewedSettings } from '../domain/project-settings.ts';
import type { RouteConversation, Routed, Session } from '../domain/service-data.ts';
import type { ShownInteraction } from '../domain/control/interaction.ts';
import type { SessionOptions } from '../domain/session/session.ts';
import { ConnectorError } from './connector-error.ts';
import { pollAnswer, readAnswer, submit, waitForAnswer } from './answer.ts';
import type { ClaudeCodeMessage, ClaudeCodeResponse, Submission } from './answer.ts';
import { makeHttp } from './http.ts';
import type { HttpOptions } from './http.ts';
import { findServer } from './server-address.ts';
import { API, SessionReader } from './session-reader.ts';
import { subscribeTo } from './subscribe.ts';
import type { Subscribed, SubscribeOptions } from './subscribe.ts';

/**
 * How a connector reaches xswarm. Without a `url` it takes `XSWARM_URL`, else `XSWARM_SERVER_PORT`, else the server that
 * runs on the data folder, else `http://127.0.0.1:8787`; and without a `token` then `XSWARM_TOKEN`.
 */
export type ConnectorOptions = Partial<HttpOptions>;

/** Options of a new session. */
export interface NewSessionOptions {
  /** The caller's own id, else a new UUID; a repeated call with the same id returns the same session. */
  sessionId?: string;
  title?: string;
  options?: SessionOptions;
  signal?: AbortSignal;
}

/** Options of a message. */
export interface SendOptions {
  /** The same key on one session is the same message for ever. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

interface Outstanding {
  messageId: string;
  /** The text and key it was sent with; null for a message that routing delivered. */
  submission: Submission | null;
}

/**
 * Holds Claude Code sessions over xswarm's REST interface. Calls that are safe to repeat are repeated while the server is
 * away for a moment; a message is never carried out twice. Every failure is a `ConnectorError` with a stable `code`; a
 * call that its `signal` aborts rejects with the signal's reason.
 *
 * @example
 * const connector = new ClaudeCodeConnector();
 * const session = await connector.createSession('user123', '/path/to/project');
 * await connector.sendMessage(session.id, 'Check git status', { source: 'sms' });
 * const response = await connector.receiveResponse(session.id);
 * console.log(response?.content, response?.cost_usd);
 * await connector.disconnectSession(session.id);
 */
export class ClaudeCodeConnector extends SessionReader {
  private readonly outstanding = new Map<string, Outstanding[]>();

  constructor(options: ConnectorOptions = {}) {
    // The token of the environment belongs to the server of the environment.
    const ownToken = options.url === undefined ? process.env.XSWARM_TOKEN || undefined : undefined;
    super(makeHttp({ ...options, url: options.url ?? findServer(process.env), token: options.token ?? ownToken }));
  }

  /** Creates a session and resolves when its agent is connected. Calling it again with the same `sessionId` is safe. */
  async createSession(userId: string, projectPath: string, options: NewSessionOptions = {}): Promise<Session> {
    const sessionId = options.sessionId ?? randomUUID();
    await this.http.call({
      method: 'POST',
      path: `${API}/sessions`,
      body: {
        user_id: userId,
        project_path: projectPath,
        session_id: sessionId,
        ...(options.title !== undefined && { title: options.title }),
        ...(options.options !== undefined && { options: options.options }),
      },
      timeoutMs: 60_000,
      repeatable: true,
      signal: options.signal,
    });
    return await this.requireSession(sessionId, options.signal);
  }

  /** What a folder would make Claude Code run, and whether an admin trusted it. */
  async reviewProject(projectPath: string): Promise<ReviewedSettings> {
    const query = { project_path: projectPath };
    const { body } = await this.http.call({ method: 'GET', path: `${API}/projects/settings`, query, repeatable: true });
    return body as ReviewedSettings;
  }

  /** Trusts the settings of a folder with the digest that `reviewProject` returned; for admins. */
  async trustProject(projectPath: string, digest: string): Promise<ProjectTrust> {
    const wish = { project_path: projectPath, digest };
    const path = `${API}/projects/trust`;
    const { body } = await this.http.call({ method: 'POST', path, body: wish, repeatable: true });
    return body as ProjectTrust;
  }

  /** Returns the trusted folders; for admins. */
  async listTrustedProjects(): Promise<ProjectTrust[]> {
    const { body } = await this.http.call({ method: 'GET', path: `${API}/projects/trust`, repeatable: true });
    return (body as { projects: ProjectTrust[] }).projects;
  }

  /** Forgets the trust in a folder; false where there was none. For admins. */
  async forgetProject(projectPath: string): Promise<boolean> {
    const query = { project_path: projectPath };
    const { body } = await this.http.call({ method: 'DELETE', path: `${API}/projects/trust`, query, repeatable: true });
    return (body as { forgotten: boolean }).forgotten;
  }

  /** Resolves when the session takes messages, and restarts an agent that was lost. Throws `SESSION_NOT_ACTIVE` when it ended. */
  async connectSession(sessionId: string, signal?: AbortSignal): Promise<Session> {
    const session = await this.requireSession(sessionId, signal);
    if (session.status === 'active' || session.status === 'idle') return session;
    if (session.status !== 'connecting' && session.status !== 'error') {
      const message = `Session is not active: ${sessionId}`;
      throw new ConnectorError('SESSION_NOT_ACTIVE', message, { reached: 'answered' });
    }
    return await this.createSession(session.user_id, session.project_path, { sessionId, signal });
  }

  /** Resolves when the message is accepted: it will be carried out once, or reported. `receiveResponse` returns the answer. */
  async sendMessage(
    sessionId: string,
    content: string,
    context?: Record<string, unknown>,
    options: SendOptions = {},
  ): Promise<ClaudeCodeMessage> {
    const submission = { sessionId, content, context, key: options.idempotencyKey ?? randomUUID() };
    const message = await submit(this.http, submission, options.signal);
    this.expect(sessionId, { messageId: message.id, submission });
    return message;
  }

  /**
   * Waits for the next response to what this connector sent or routed to the session, in order; null when nothing is outstanding.
   * When the wait fails or is aborted, the next call waits for the same response.
   */
  async receiveResponse(sessionId: string, signal?: AbortSignal): Promise<ClaudeCodeResponse | null> {
    const [next, ...rest] = this.outstanding.get(sessionId) ?? [];
    if (next === undefined) return null;
    this.setOutstanding(sessionId, rest);
    try {
      const { messageId, submission } = next;
      if (submission === null) return await pollAnswer(this.http, sessionId, messageId, signal);
      const settled = await readAnswer(this.http, sessionId, messageId, signal);
      return settled ?? (await waitForAnswer(this.http, submission, signal));
    } catch (error) {
      this.setOutstanding(sessionId, [next, ...(this.outstanding.get(sessionId) ?? [])]);
      throw error;
    }
  }

  /** Sends a message and waits for its answer, however long the turn takes. */
  async ask(
    sessionId: string,
    content: string,
    context?: Record<string, unknown>,
    options: SendOptions = {},
  ): Promise<ClaudeCodeResponse> {
    const submission = { sessionId, content, context, key: options.idempotencyKey ?? randomUUID() };
    return await waitForAnswer(this.http, submission, options.signal);
  }

  /** Ends a session; ending it again answers with the first reason. */
  async disconnectSession(
    sessionId: string,
    reason?: string,
  ): Promise<{ session_id: string; reason: string; timestamp: string }> {
    this.outstanding.delete(sessionId);
    const path = `${API}/sessions/${encodeURIComponent(sessionId)}`;
    const { body } = await this.http.call({
      method: 'DELETE',
      path,
      ...(reason !== undefined && { body: { reason } }),
      timeoutMs: 60_000,
      repeatable: true,
    });
    return body as { session_id: string; reason: string; timestamp: string };
  }

  /**
   * Starts an ended session again: its history, costs and conversation continue. Throws `SESSION_NOT_RESUMABLE` with the
   * reason where the agent's conversation is gone.
   */
  async resumeSession(sessionId: string, signal?: AbortSignal): Promise<Session> {
    const path = `${API}/sessions/${encodeURIComponent(sessionId)}/resume`;
    const call = { method: 'POST', path, timeoutMs: 60_000, repeatable: true, signal } as const;
    return (await this.http.call(call)).body as Session;
  }

  /** Reports that a person is at the session, which holds its idle timeout; once a minute is enough. */
  async presence(sessionId: string): Promise<void> {
    const path = `${API}/sessions/${encodeURIComponent(sessionId)}/presence`;
    await this.http.call({ method: 'POST', path, timeoutMs: 5_000, repeatable: false });
  }

  /** Stops the running turn, or only that of one message; returns false when it was not running. The session stays open. */
  async interrupt(sessionId: string, { messageId }: { messageId?: string } = {}): Promise<boolean> {
    const path = `${API}/sessions/${encodeURIComponent(sessionId)}/interrupt`;
    const body = messageId === undefined ? undefined : { message_id: messageId };
    // Not repeated: without a message the second try could stop the next turn, with one it would report false.
    const answer = await this.http.call({ method: 'POST', path, body, repeatable: false });
    return (answer.body as { interrupted: boolean }).interrupted;
  }

  /** Disconnects the sessions that are past their idle timeout now; returns their number. */
  async cleanupIdleSessions(): Promise<number> {
    const call = { method: 'POST', path: `${API}/sessions/cleanup`, timeoutMs: 60_000, repeatable: true } as const;
    return ((await this.http.call(call)).body as { cleaned: number }).cleaned;
  }

  /**
   * Delivers a message to the user's session if its words call for Claude Code; the same key is never delivered twice. The
   * answer to a routed message is returned by `receiveResponse` of the `session_id`.
   */
  async routeConversation(
    input: Omit<RouteConversation, 'idempotency_key'>,
    idempotencyKey: string = randomUUID(),
  ): Promise<Routed> {
    const headers = { 'idempotency-key': idempotencyKey };
    const path = `${API}/route-conversation`;
    const call = { method: 'POST', path, body: input, headers, timeoutMs: 60_000, repeatable: true } as const;
    const routed = (await this.http.call(call)).body as Routed;
    if (routed.session_id !== undefined && routed.message_id !== undefined) {
      this.expect(routed.session_id, { messageId: routed.message_id, submission: null });
    }
    return routed;
  }

  /** Records an answer to what Claude asked; the first answer wins. Throws `ALREADY_ANSWERED` with who was first. */
  async answer(
    interactionId: string,
    answer: Record<string, unknown>,
    { door }: { door?: 'cli' } = {},
  ): Promise<ShownInteraction> {
    const path = `${API}/interactions/${encodeURIComponent(interactionId)}/answer`;
    const headers: Record<string, string> = door === undefined ? {} : { 'x-xswarm-door': door };
    // The same answer again returns what was recorded.
    return (await this.http.call({ method: 'POST', path, body: answer, headers, repeatable: true }))
      .body as ShownInteraction;
  }

  /** Follows the session's numbered events and the text as it is written, over broken connections. */
  subscribe(sessionId: string, options: SubscribeOptions = {}): AsyncGenerator<Subscribed, void, undefined> {
    return subscribeTo(this.http, sessionId, options);
  }

  private expect(sessionId: string, message: Outstanding): void {
    const waiting = this.outstanding.get(sessionId) ?? [];
    if (waiting.some(({ messageId }) => messageId === message.messageId)) return;
    this.outstanding.set(sessionId, [...waiting, message]);
  }

  private setOutstanding(sessionId: string, waiting: Outstanding[]): void {
    if (waiting.length === 0) this.outstanding.delete(sessionId);
    else this.outstanding.set(sessionId, waiting);
  }
}
