/** A command line. */
export interface CommandLine {
  command: string;
  args: string[];
}

/**
 * Watches stdin from a side process and ends the program when it closes, that is when the process that started it died.
 * The shell becomes the program itself, so that its pid, signals and exit code stay what they are.
 */
const SCRIPT =
  '{ exec 3<&0; } 2>/dev/null; ( while read -r _ <&3; do :; done; kill -TERM $$ ) >/dev/null 2>&1 & exec "$@" 3<&- </dev/null';

/** Wraps a program that knows nothing of us so that it ends with the process that holds its stdin. */
export function guardOrphan(line: CommandLine): CommandLine {
  if (process.platform === 'win32') return line;
  return { command: '/bin/sh', args: ['-c', SCRIPT, 'xswarm-guard', line.command, ...line.args] };
}
