import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../../../domain/session/session.ts';
import type { TurnOutcome } from '../../../domain/session/turn.ts';

/** How a turn of the contract tests ends. */
export interface ScriptedAnswer {
  outcome: TurnOutcome;
  content: string;
  failure: Failure | null;
  cost_nano: number;
}

/**
 * The answer to a message in the contract tests: `You said: …`, for 500,000 nano-dollars. The first word can ask for another
 * outcome: `fail`, `unknown`, `slow <ms>`, or `never`, for which this returns null.
 */
export async function scriptedAnswer(message: string): Promise<ScriptedAnswer | null> {
  const [word, argument = '0'] = message.split(' ');
  if (word === 'never') return null;
  if (word === 'slow') await sleep(Number(argument));
  const outcome = word === 'fail' ? 'failed' : word === 'unknown' ? 'unknown' : 'done';
  return {
    outcome,
    content: outcome === 'failed' ? '' : `You said: ${message}`,
    failure: outcome === 'done' ? null : { code: 'AGENT_ERROR', message },
    cost_nano: 500_000,
  };
}

/** The pieces in which a text is written live. */
export function piecesOf(text: string): string[] {
  return text.match(/.{1,8}/gs) ?? [];
}
