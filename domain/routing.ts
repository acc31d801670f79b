/** What a conversation routed to Claude Code is about, one stem each; the guide's list. */
export const ROUTING_KEYWORDS = [
  'project',
  'code',
  'git',
  'build',
  'test',
  'deploy',
  'commit',
  'branch',
  'status',
  'develop',
  'debug',
  'fix',
  'error',
  'bug',
  'run',
  'compile',
] as const;

/** Word forms that the rules of spelling below do not make. */
const IRREGULAR: Readonly<Record<string, string>> = { ran: 'run', built: 'build' };
const ENDINGS = ['s', 'es', 'ed', 'd', 'ing', 'er', 'ers', 'or', 'ors', 'ment', 'ments', 'able'];

const KEYWORD_OF_FORM = new Map<string, string>([
  ...ROUTING_KEYWORDS.flatMap((keyword) => formsOf(keyword).map((form): [string, string] => [form, keyword])),
  ...Object.entries(IRREGULAR),
]);

/** The keyword that makes a message one for Claude Code, or null. Whole words count, in any case and in their forms. */
export function routingKeyword(message: string): string | null {
  for (const word of message.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const keyword = KEYWORD_OF_FORM.get(word);
    if (keyword !== undefined) return keyword;
  }
  return null;
}

/** A keyword and its inflections as English spells them: `code, codes, coding`, `run, running`, `fix, fixes`. */
function formsOf(keyword: string): string[] {
  const stems = [keyword];
  if (keyword.endsWith('e')) stems.push(keyword.slice(0, -1));
  if (/[^aeiou][aeiou][bdgmnpt]$/.test(keyword)) stems.push(keyword + keyword.slice(-1));
  return [keyword, ...stems.flatMap((stem) => ENDINGS.map((ending) => stem + ending))];
}
