import { createHash } from 'node:crypto';
import type { SettledTurn } from '../../workflows/session-activities.ts';
import type { NumberedEvent } from './agent-connection.ts';

const PREVIEW_CHARACTERS = 120;

/** Gives the turn that an event settles, as the workflow keeps it; nothing for other events. */
export function settledIn({ seq, event }: NumberedEvent): SettledTurn[] {
  if (event.type !== 'result') return [];
  const { turn_id, message_id, outcome, failure, cost_nano, finished_at, content } = event.turn;
  return [
    {
      seq,
      turn_id,
      message_id,
      outcome,
      failure: failure && { code: failure.code, message: failure.message.slice(0, PREVIEW_CHARACTERS) },
      cost_nano,
      finished_at,
      preview: content.slice(0, PREVIEW_CHARACTERS),
      digest: createHash('sha256').update(content).digest('hex'),
    },
  ];
}
