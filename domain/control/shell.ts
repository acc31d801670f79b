/** A word of a command, with its quotes removed. */
export interface ShellWord {
  value: string;
  /** Whether the shell replaces it by the names of files. */
  glob: boolean;
}

/** A command with its arguments. */
export interface ShellCommand {
  /** The text as it was written, without redirections. */
  source: string;
  words: ShellWord[];
  /** Files that it writes to by a redirection; a null device and copies of descriptors do not count. */
  writes: string[];
}

/** A command line as a shell would read it. */
export interface ShellScript {
  /** Every command in it, also those within substitutions and bodies. */
  commands: ShellCommand[];
  /**
   * Whether the commands and their words are all that runs: lists and pipelines of plain commands, without expansions,
   * substitutions, assignments, jobs, functions or control flow, and only redirections that `writes` names.
   */
  plain: boolean;
}
