import { UsageError } from 'clipanion';
import type { ClaudeCodeConnector } from '../../client/connector.ts';
import type { ShownInteraction } from '../../domain/control/interaction.ts';

/**
 * Returns the open interaction of a number, or the interaction of an id or of its unique beginning. Throws `UsageError` where
 * there is none, or several users have one of that number.
 */
export async function findInteraction(connector: ClaudeCodeConnector, wanted: string): Promise<ShownInteraction> {
  const open: ShownInteraction[] = [];
  for await (const interaction of connector.interactions()) open.push(interaction);
  const matching = /^\d+$/.test(wanted)
    ? open.filter(({ number }) => number === Number(wanted))
    : open.filter(({ interaction_id }) => interaction_id.startsWith(wanted));
  const [found] = matching;
  if (found !== undefined && matching.length === 1) return found;
  if (matching.length > 1) {
    const ids = matching.slice(0, 3).map(({ interaction_id }) => interaction_id);
    throw new UsageError(`${matching.length} open interactions match "${wanted}": use an id: ${ids.join(', ')}`);
  }
  if (/^\d+$/.test(wanted)) {
    throw new UsageError(`Nothing open has the number ${wanted}: \`xswarm inbox\` lists what waits`);
  }
  return await connector.interaction(wanted);
}
