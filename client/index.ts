export { ClaudeCodeConnector } from './connector.ts';
export type { ConnectorOptions, NewSessionOptions, SendOptions } from './connector.ts';
export type { SessionCost } from './session-reader.ts';
export { routeConversation } from './route-conversation.ts';
export { ConnectorError } from './connector-error.ts';
export type { Reached } from './connector-error.ts';
export type { ClaudeCodeMessage, ClaudeCodeResponse } from './answer.ts';
export type { Subscribed, SubscribeOptions } from './subscribe.ts';
export { XswarmError } from '../domain/errors.ts';
export type { ErrorCode } from '../domain/errors.ts';
export type { SessionEvent, TextDelta } from '../domain/session/event.ts';
export type {
  CostFilter,
  CostGroup,
  CostReport,
  HistoryMessage,
  Page,
  Routed,
  Session,
  SessionFilter,
} from '../domain/service-data.ts';
export type { PermissionMode, SessionOptions, SessionStatus } from '../domain/session/session.ts';
