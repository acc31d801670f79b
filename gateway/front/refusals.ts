import { XswarmError } from '../../domain/errors.ts';
import type { GatewayErrorCode } from '../../protocol/agent-protocol.ts';

/** What the other end is told of an error: no more than is meant for it. */
export function describe(error: unknown): { code: GatewayErrorCode; message: string } {
  if (!(error instanceof XswarmError)) return { code: 'UNAVAILABLE', message: 'The gateway cannot do this now' };
  if (error.code === 'PROJECT_PATH' || error.code === 'AGENT_UNREACHABLE') {
    return { code: error.code, message: error.message };
  }
  return { code: 'UNAVAILABLE', message: error.message };
}
