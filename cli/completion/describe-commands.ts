import { Cli } from 'clipanion';
import type { CliContext, LoadCommand } from '../context.ts';

/** A command as completion and documents need it. */
export interface CommandDescription {
  /** The words typed, for example `claude status`. */
  words: string;
  description: string;
  options: { name: string; description: string }[];
}

/** Describes all commands; loads the code of each. */
export async function describeCommands(commands: Record<string, LoadCommand>): Promise<CommandDescription[]> {
  return await Promise.all(
    Object.entries(commands).map(async ([words, load]) => {
      const commandClass = await load();
      const [definition] = Cli.from<CliContext>([commandClass], { binaryName: 'xswarm' }).definitions();
      const options = (definition?.options ?? []).map((option) => ({
        name: option.definition.split(/[ ,]/).find((word) => word.startsWith('--')) ?? option.definition,
        description: option.description ?? '',
      }));
      return { words, description: commandClass.usage?.description ?? '', options };
    }),
  );
}
