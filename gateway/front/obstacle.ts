import type { JournalWriter } from '../journal/journal-writer.ts';
import type { GatewayErrorCode } from '../../protocol/agent-protocol.ts';
import type { SessionHost } from '../sessions/session-host.ts';

const MAX_OPEN_TURNS = 1000;
/** Why no agent can be had. */
export const ALL_TAKEN = 'All places for agents are taken by agents that work';

/** What keeps a session from taking a new message now; null when nothing does. */
export function obstacleTo(
  host: SessionHost,
  gateway: { isClosing: () => boolean; registry: { writer: JournalWriter } },
): { code: GatewayErrorCode; message: string } | null {
  const { failure } = gateway.registry.writer;
  if (gateway.isClosing()) return { code: 'UNAVAILABLE', message: 'The gateway is stopping' };
  if (failure !== null) return { code: 'UNAVAILABLE', message: `The journal cannot be written: ${failure.message}` };
  if (host.openTurns >= MAX_OPEN_TURNS) return { code: 'BUSY', message: 'Too many messages wait' };
  return host.slot.hasRoom() ? null : { code: 'BUSY', message: ALL_TAKEN };
}
