/** Every code that leaves the product, as in the contract's table. */
export const ERROR_CODES = [
  'SESSION_NOT_FOUND',
  'USER_NOT_FOUND',
  'MESSAGE_NOT_FOUND',
  'MESSAGE_BODY_LOST',
  'NOT_FOUND',
  'SESSION_NOT_ACTIVE',
  'SESSION_NOT_RESUMABLE',
  'SESSION_EXISTS',
  'USER_EXISTS',
  'MAX_SESSIONS',
  'QUEUE_FULL',
  'AGENT_UNREACHABLE',
  'INTERACTION_NOT_FOUND',
  'ALREADY_ANSWERED',
  'INTERACTION_WITHDRAWN',
  'INVALID_ANSWER',
  'TURN_FAILED',
  'TURN_UNKNOWN',
  'PROJECT_PATH',
  'INVALID_REQUEST',
  'IDEMPOTENCY_MISMATCH',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_PERMITTED',
  'METHOD_NOT_ALLOWED',
  'TOO_LARGE',
  'RATE_LIMITED',
  'SLOW_READER',
  'UNAVAILABLE',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What an error tells besides its message; goes onto the wire as it is. */
export interface ErrorDetails {
  message_id?: string;
  cost_usd?: number | null;
  content?: string;
  /** Of a turn: the id of its answer, and whether the simulator gave it. */
  response_id?: string;
  simulated?: boolean;
  /** Of an answer that comes too late: the interaction as it is. */
  interaction?: object;
  /** Seconds after which trying again makes sense. */
  retry_after_seconds?: number;
}

/** The base of every error the product raises on purpose. The message is for people, the code for programs. */
export class XswarmError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { details?: ErrorDetails } = {}) {
    super(message, options);
    this.name = 'XswarmError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The errors of the contract, by their exact words. */
export const errors = {
  sessionNotFound: (id: string): XswarmError => new XswarmError('SESSION_NOT_FOUND', `Session not found: ${id}`),
  userNotFound: (id: string): XswarmError => new XswarmError('USER_NOT_FOUND', `User not found: ${id}`),
  messageNotFound: (id: string): XswarmError => new XswarmError('MESSAGE_NOT_FOUND', `Message not found: ${id}`),
  sessionNotActive: (id: string, details: ErrorDetails = {}): XswarmError =>
    new XswarmError('SESSION_NOT_ACTIVE', `Session is not active: ${id}`, { details }),
  sessionNotResumable: (id: string, reason: string): XswarmError =>
    new XswarmError('SESSION_NOT_RESUMABLE', `Session cannot be resumed: ${id}: ${reason}`),
  sessionExists: (id: string): XswarmError => new XswarmError('SESSION_EXISTS', `Session already exists: ${id}`),
  maxSessions: (max: number): XswarmError =>
    new XswarmError('MAX_SESSIONS', `Maximum number of sessions (${max}) reached`, {
      details: { retry_after_seconds: 30 },
    }),
  queueFull: (id: string): XswarmError =>
    new XswarmError('QUEUE_FULL', `Message queue is full for session: ${id}`, { details: { retry_after_seconds: 5 } }),
  agentUnreachable: (cause?: unknown): XswarmError =>
    new XswarmError('AGENT_UNREACHABLE', 'Failed to connect to Claude Code WebSocket', { cause }),
  interactionNotFound: (id: string): XswarmError =>
    new XswarmError('INTERACTION_NOT_FOUND', `Interaction not found: ${id}`),
  turnFailed: (message: string, details: ErrorDetails): XswarmError =>
    new XswarmError('TURN_FAILED', message, { details }),
  turnUnknown: (message: string, details: ErrorDetails): XswarmError =>
    new XswarmError('TURN_UNKNOWN', `Outcome unknown: ${message}`, { details }),
  projectPathNotFound: (path: string): XswarmError =>
    new XswarmError('PROJECT_PATH', `Project path not found: ${path}`),
  projectPathNotAllowed: (path: string): XswarmError =>
    new XswarmError('PROJECT_PATH', `Project path not inside an allowed root: ${path}`),
  invalidRequest: (message: string): XswarmError => new XswarmError('INVALID_REQUEST', message),
  idempotencyMismatch: (key: string): XswarmError =>
    new XswarmError('IDEMPOTENCY_MISMATCH', `Idempotency key was used with another body: ${key}`),
  unauthenticated: (message = 'Missing or invalid token'): XswarmError => new XswarmError('UNAUTHENTICATED', message),
  forbidden: (message: string): XswarmError => new XswarmError('FORBIDDEN', message),
  notPermitted: (message: string): XswarmError => new XswarmError('NOT_PERMITTED', message),
  tooLarge: (maxBytes: number): XswarmError => new XswarmError('TOO_LARGE', `Body is larger than ${maxBytes} bytes`),
  rateLimited: (seconds: number): XswarmError =>
    new XswarmError('RATE_LIMITED', `Too many requests: try again in ${seconds} s`, {
      details: { retry_after_seconds: seconds },
    }),
  slowReader: (): XswarmError =>
    new XswarmError('SLOW_READER', 'Reader is too slow: connect again and resume from the last number received'),
  unavailable: (what: string, cause?: unknown): XswarmError =>
    new XswarmError('UNAVAILABLE', `${what} cannot be reached`, { cause, details: { retry_after_seconds: 2 } }),
} as const;
