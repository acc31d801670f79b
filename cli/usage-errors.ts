import type { Cli } from 'clipanion';
import type { CliContext } from './context.ts';

const MOST_MISSING = 4;

/** Whether an error means that the command line was wrong, and not that the command failed. */
export function isMisuse(error: unknown): error is Error {
  return error instanceof Error && ['UsageError', 'UnknownSyntaxError', 'AmbiguousSyntaxError'].includes(error.name);
}

/** Says in one clause what is wrong with a command line, in the words of its help: flags and arguments. */
export function describeMisuse(
  error: Error,
  cli: Cli<CliContext>,
  argv: readonly string[],
  context: CliContext,
): string {
  const [reason = ''] = error.message.trim().split('\n');
  if (error.name === 'UsageError') return reason.replace(/[.:]$/, '');
  const missing = missingArguments(cli, argv, context);
  if (missing.length === 1) return `Argument ${missing.join('')} is missing`;
  if (missing.length > 1) return `Arguments ${missing.join(' ')} are missing`;
  const option = /^Unsupported option name \("(.+?)"\)/.exec(reason)?.[1];
  if (option !== undefined) return `Unknown option ${option}`;
  const extra = /^Extraneous positional argument \("(.+?)"\)/.exec(reason)?.[1];
  if (extra !== undefined) return `Unexpected argument "${extra}"`;
  const valueless = /^Not enough arguments to option (\S+?)\.?$/.exec(reason)?.[1];
  if (valueless !== undefined) return `Option ${valueless} needs a value`;
  return reason.replace(/[.:]$/, '');
}

/** Finds how many arguments would make the command line complete; those are the last ones that the command requires. */
function missingArguments(cli: Cli<CliContext>, argv: readonly string[], context: CliContext): string[] {
  const required = (cli.definitions()[0]?.usage ?? '').split(/\s+/).filter((word) => /^<.+>$/.test(word));
  for (let count = 1; count <= Math.min(MOST_MISSING, required.length); count += 1) {
    try {
      cli.process([...argv, ...Array<string>(count).fill('x')], context);
      return required.slice(-count);
    } catch {
      // One more may do.
    }
  }
  return [];
}
