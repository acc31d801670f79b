import type { RouteConversation, Routed } from '../domain/service-data.ts';
import { ClaudeCodeConnector } from './connector.ts';
import type { ConnectorOptions } from './connector.ts';

/**
 * Delivers an incoming message to its user's session if its words call for Claude Code, as the guide's webhooks do. With the
 * carrier's message id as `idempotencyKey` it is never delivered twice. To receive the answer, use a `ClaudeCodeConnector`.
 */
export async function routeConversation(
  input: Omit<RouteConversation, 'idempotency_key'>,
  { idempotencyKey, ...options }: ConnectorOptions & { idempotencyKey?: string } = {},
): Promise<Routed> {
  return await new ClaudeCodeConnector(options).routeConversation(input, idempotencyKey);
}
