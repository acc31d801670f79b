/** One thing that the simulator does because a message asks for it. */
export type Step =
  | { type: 'think'; ms: number }
  | { type: 'tool'; tool: string; summary: string }
  | { type: 'deny'; tool: string; summary: string }
  | { type: 'ask'; tool: string; summary: string }
  | { type: 'question'; text: string; options: string[] }
  | { type: 'plan'; text: string }
  | { type: 'background'; ms: number }
  | { type: 'stream'; ms: number }
  | { type: 'chars'; count: number }
  | { type: 'cost'; usd: number }
  | { type: 'fail'; message: string }
  | { type: 'recall' }
  | { type: 'crash' }
  | { type: 'hang' };

const DIRECTIVE = /\[([a-z]+)(?: ([^\]]*))?\]/g;
const MAX_WAIT_MS = 3_600_000;
const MAX_CHARS = 2_000_000;

/** Reads the directives of a message, in order. What is no directive, or a wrong one, is plain text. */
export function parseScript(content: string): Step[] {
  const steps: Step[] = [];
  if (!content.includes('[')) return steps;
  for (const [, word, argument] of content.matchAll(DIRECTIVE)) {
    const step = parseStep(word!, (argument ?? '').trim());
    if (step !== null) steps.push(step);
  }
  return steps;
}

function parseStep(word: string, argument: string): Step | null {
  switch (word) {
    case 'think':
    case 'background':
    case 'stream': {
      const ms = parseDuration(argument);
      return ms === null ? null : { type: word, ms };
    }
    case 'tool':
    case 'deny':
    case 'ask': {
      const [tool, ...rest] = argument.split(/\s+/);
      return tool === undefined || tool === '' ? null : { type: word, tool, summary: rest.join(' ') };
    }
    case 'question': {
      const [text = '', ...options] = argument.split('|').map((part) => part.trim());
      return text === '' ? null : { type: 'question', text, options: options.filter((option) => option !== '') };
    }
    case 'plan':
      return argument === '' ? null : { type: 'plan', text: argument };
    case 'chars': {
      const count = Number(argument);
      return Number.isInteger(count) && count > 0 && count <= MAX_CHARS ? { type: 'chars', count } : null;
    }
    case 'cost': {
      const usd = Number(argument);
      return argument !== '' && Number.isFinite(usd) && usd >= 0 && usd <= 1000 ? { type: 'cost', usd } : null;
    }
    case 'fail':
      return { type: 'fail', message: argument === '' ? 'The simulator was told to fail' : argument };
    case 'recall':
    case 'crash':
    case 'hang':
      return argument === '' ? { type: word } : null;
    default:
      return null;
  }
}

function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * (match[2] === 's' ? 1000 : 1);
  return ms <= MAX_WAIT_MS ? ms : null;
}
