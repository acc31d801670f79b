/** Why a connection failed, by the type that the workflow matches on. */
export type ConnectionErrorType =
  'AGENT_UNREACHABLE' | 'CONVERSATION_GONE' | 'LEASE_LOST' | 'NOT_SENT' | 'PROJECT_PATH' | 'UNAVAILABLE';

/** A failed connection, request or wait; the activity turns it into a Temporal failure of the same type. */
export class ConnectionError extends Error {
  readonly type: ConnectionErrorType;
  /** Whether the very same attempt may go well a moment later. */
  readonly retryable: boolean;

  constructor(type: ConnectionErrorType, message: string, options: ErrorOptions & { retryable?: boolean } = {}) {
    super(message, options);
    this.name = 'ConnectionError';
    this.type = type;
    this.retryable = options.retryable ?? (type === 'AGENT_UNREACHABLE' || type === 'UNAVAILABLE');
  }
}

/** The guide's words for an agent that cannot be had; `why` goes into the cause. */
export function unreachable(why: string, options: { retryable?: boolean } = {}): ConnectionError {
  return new ConnectionError('AGENT_UNREACHABLE', 'Failed to connect to Claude Code WebSocket', {
    cause: new Error(why),
    ...options,
  });
}
