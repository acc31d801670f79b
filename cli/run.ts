import { Cli } from 'clipanion';
import type { CommandClass } from 'clipanion';
import { COMMANDS, findCommand } from './command-table.ts';
import type { CliContext } from './context.ts';
import { errorLine, isWrongInput } from './error-line.ts';
import { describeMisuse, isMisuse } from './usage-errors.ts';

/** Exit codes of the CLI. */
export const EXIT = { done: 0, failed: 1, misused: 2 } as const;

/** Runs a command line to its end and returns the exit code: 0 done, 1 failed, 2 used wrongly. Never throws. */
export async function runCli(words: readonly string[], context: CliContext): Promise<number> {
  const argv = words[0] === 'help' ? [...words.slice(1), '--help'] : words;
  const meant = findCommand(argv);
  const wantsHelp = asksForHelp(argv);
  if (meant.type === 'group') {
    if (meant.words === '' && !wantsHelp && argv.length > 0) {
      return misused(context, `Unknown option ${argv[0] ?? ''}: see \`xswarm --help\``);
    }
    if (meant.words !== '' && !wantsHelp) {
      return misused(
        context,
        `A command is missing after ${meant.words}: ${wordsBehind(meant.words)}; see \`xswarm ${meant.words} --help\``,
      );
    }
    context.stdout.write(await overview(meant.words, context));
    return EXIT.done;
  }
  if (meant.type === 'unknown') {
    const { nearest } = await import('../host/config/nearest.ts');
    const guess = nearest(meant.words, Object.keys(COMMANDS));
    const hint = guess === null ? 'see `xswarm --help`' : `did you mean \`xswarm ${guess}\`?`;
    return misused(context, `Unknown command "${meant.words}": ${hint}`);
  }
  const commandClass = await meant.load();
  const cli = makeCli([commandClass], context);
  if (wantsHelp) {
    context.stdout.write(readable(cli.usage(commandClass, { detailed: true, colored: context.color })));
    return EXIT.done;
  }
  return await execute(cli, argv, context, meant.words);
}

async function execute(
  cli: Cli<CliContext>,
  argv: readonly string[],
  context: CliContext,
  words: string,
): Promise<number> {
  try {
    const command = cli.process([...argv], context);
    return await command.validateAndExecute();
  } catch (error) {
    if (isMisuse(error)) {
      return misused(context, `${describeMisuse(error, cli, argv, context)}: see \`xswarm ${words} --help\``);
    }
    if (isWrongInput(error)) return misused(context, errorLine(error));
    context.stderr.write(`${errorLine(error)}\n`);
    if (context.env.XSWARM_LOG_LEVEL === 'debug' && error instanceof Error) context.stderr.write(`${error.stack}\n`);
    return EXIT.failed;
  }
}

function misused(context: CliContext, line: string): number {
  context.stderr.write(`${line}\n`);
  return EXIT.misused;
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  return own.includes('--help') || own.includes('-h');
}

function wordsBehind(group: string): string {
  const names = Object.keys(COMMANDS).filter((name) => name.startsWith(`${group} `));
  return names.map((name) => name.slice(group.length + 1)).join(', ');
}

async function overview(group: string, context: CliContext): Promise<string> {
  const names = Object.keys(COMMANDS).filter((name) => group === '' || name.startsWith(`${group} `));
  const classes = new Set<CommandClass<CliContext>>();
  for (const name of names) {
    const load = COMMANDS[name];
    if (load !== undefined) classes.add(await load());
  }
  return readable(makeCli([...classes], context).usage(null, { colored: context.color }));
}

/** Writes an ellipsis for the values of options, which clipanion numbers. */
function readable(usage: string): string {
  return usage.replace(/ #\d/g, ' …');
}

function makeCli(classes: CommandClass<CliContext>[], context: CliContext): Cli<CliContext> {
  return Cli.from(classes, {
    binaryLabel: 'xswarm: durable Claude Code sessions',
    binaryName: 'xswarm',
    binaryVersion: context.version,
    enableColors: context.color,
  });
}
