import type { BaseContext, CommandClass } from 'clipanion';

/** Loads the code of a command. */
export type LoadCommand = () => Promise<CommandClass<CliContext>>;

/** What a command may look at and write to; nothing else of the process is its business. */
export interface CliContext extends BaseContext {
  /** The working directory. */
  cwd: string;
  /** The data folder. */
  dataDir: string;
  /** Where downloads are kept. */
  cacheDir: string;
  /** Name of the person at the operating system. */
  osUser: string;
  version: string;
  /** Columns of the terminal; null when stdout is not a terminal. */
  width: number | null;
  /** Whether a person types at stdin. */
  stdinIsTerminal: boolean;
  color: boolean;
  /** Every command by the words that are typed. */
  commands: Record<string, LoadCommand>;
  /** How to run this CLI again, as a command and its first arguments. */
  self: readonly string[];
}
