import { createInterface } from 'node:readline/promises';
import { Readable } from 'node:stream';
import { ERROR_CODES, XswarmError } from '../../domain/errors.ts';
import type { CheckStep, RebuildStep } from '../../domain/mirror/mirror-steps.ts';
import { notEmpty, serverUrlOf } from './connector-of.ts';
import type { CliContext } from '../context.ts';

/** Asks the running app to check the mirror. */
export function checkMirror(context: CliContext): AsyncGenerator<CheckStep, void, undefined> {
  return steps<CheckStep>(context, '/admin/mirror/check');
}

/** Asks the running app to make the mirror anew. */
export function rebuildMirror(context: CliContext): AsyncGenerator<RebuildStep, void, undefined> {
  return steps<RebuildStep>(context, '/admin/mirror/rebuild');
}

async function* steps<T>(context: CliContext, path: string): AsyncGenerator<T, void, undefined> {
  const url = await serverUrlOf(context);
  const token = notEmpty(context.env.XSWARM_TOKEN);
  const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, redirect: 'error' }).catch(
    (error: unknown) => {
      throw new Error(`xswarm is not running at ${url}: start it with \`xswarm start\``, { cause: error });
    },
  );
  if (response.body === null) throw new Error(`xswarm at ${url} gave no answer`);
  const lines = createInterface({ input: Readable.fromWeb(response.body), crlfDelay: Infinity });
  let last = '';
  for await (const line of lines) {
    const step = JSON.parse(line) as { type: string; code?: string; message?: string };
    if (step.type === 'error') throw errorOf(step);
    last = step.type;
    yield step as T;
  }
  if (last !== 'checked' && last !== 'rebuilt')
    throw new Error(`xswarm at ${url} stopped before it was done: do it again`);
}

function errorOf({ code, message = 'no reason was given' }: { code?: string; message?: string }): Error {
  const known = ERROR_CODES.find((one) => one === code);
  return known === undefined ? new Error(message) : new XswarmError(known, message);
}
