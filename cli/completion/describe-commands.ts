import { Cli } from 'clipanion';
import type { XswarmCommand } from '../command.ts';
import type { CliContext, LoadCommand } from '../context.ts';

/** A command as completion and documents need it. */
export interface CommandDescription {
  /** The words typed, for example `claude status`. */
  words: string;
  description: string;
  options: { name: string; description: string; values: readonly string[] }[];
  /** What the first argument is: the id of a session or of a user, one of fixed values, or anything else. */
  argument: 'session' | 'user' | readonly string[] | null;
}

/** Describes all commands; loads the code of each. */
export async function describeCommands(commands: Record<string, LoadCommand>): Promise<CommandDescription[]> {
  return await Promise.all(
    Object.entries(commands).map(async ([words, load]) => {
      const commandClass = await load();
      const [definition] = Cli.from<CliContext>([commandClass], { binaryName: 'xswarm' }).definitions();
      const { values } = commandClass as unknown as typeof XswarmCommand;
      const options = (definition?.options ?? []).map((option) => {
        const name = option.definition.split(/[ ,]/).find((word) => word.startsWith('--')) ?? option.definition;
        return { name, description: option.description ?? '', values: values[name] ?? [] };
      });
      const argument = argumentOf(words, definition?.usage ?? '', values);
      return { words, description: commandClass.usage?.description ?? '', options, argument };
    }),
  );
}

function argumentOf(words: string, usage: string, values: typeof XswarmCommand.values): CommandDescription['argument'] {
  const [name] = /(?<=[<[])(id|user|user_id|shell)(?=[>\]])/.exec(usage) ?? [];
  if (name === undefined) return null;
  if (name === 'id') return words.startsWith('claude ') ? 'session' : words.startsWith('user ') ? 'user' : null;
  return values[`<${name}>`] ?? 'user';
}
