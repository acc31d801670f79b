import type { CommandDescription } from './describe-commands.ts';

/** The shells that completion is there for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Writes the completion script of a shell. */
export function completionScript(shell: Shell, commands: CommandDescription[]): string {
  if (shell === 'fish') return fishScript(commands);
  const zshHead = shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : '';
  return zshHead + bashScript(commands);
}

/** What lists the ids of one kind; errors (no server runs) list none. */
const LISTS = { session: 'claude status --all', user: 'user list' };
const ID_OF_LINE = `sed -n 's/.*"id":"\\([^"]*\\)".*/\\1/p'`;

function bashScript(commands: CommandDescription[]): string {
  const cases = commands.map(({ words, options }) => {
    return `    "${words}") words="${options.map((option) => option.name).join(' ')}" ;;`;
  });
  const groups = [...new Set(commands.filter(isInGroup).map(groupOf))].map((group) => {
    const inside = commands.filter((command) => isInGroup(command) && groupOf(command) === group);
    return `    "${group}") words="${inside.map(({ words }) => words.split(' ')[1] ?? '').join(' ')}" ;;`;
  });
  const optionValues = commands.flatMap(({ words, options }) =>
    options.flatMap(({ name, values }) => {
      if (name === '--user') return [`    "${words} ${name}") words="$(_xswarm_ids ${LISTS.user})" ;;`];
      return values.length === 0 ? [] : [`    "${words} ${name}") words="${values.join(' ')}" ;;`];
    }),
  );
  const argumentValues = commands.flatMap(({ words, argument }) => {
    if (argument === null) return [];
    const list = typeof argument === 'string' ? `$(_xswarm_ids ${LISTS[argument]})` : argument.join(' ');
    return [`      "${words}") words="${list}" ;;`];
  });
  return `_xswarm_ids() {
  "\${COMP_WORDS[0]}" "$@" --json 2>/dev/null | ${ID_OF_LINE}
}
_xswarm() {
  local current="\${COMP_WORDS[COMP_CWORD]}" last="\${COMP_WORDS[COMP_CWORD-1]}" typed="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    typed="\${typed:+$typed }$word"
  done
  case "$(printf '%s' "$typed" | cut -d' ' -f1-2) $last" in
${optionValues.join('\n')}
  esac
  if [ -z "$words" ]; then
    case "$typed" in
    "") words="${firstWords(commands).join(' ')} --help --version" ;;
${groups.join('\n')}
    esac
  fi
  if [ -z "$words" ]; then
    case "$current" in -*) ;; *) case "$typed" in
${argumentValues.join('\n')}
    esac ;; esac
    typed="$(printf '%s' "$typed" | cut -d' ' -f1-2)"
  fi
  if [ -z "$words" ]; then
    case "$typed" in
${cases.map((one) => `  ${one}`).join('\n')}
      *) case "\${typed%% *}" in
${cases
  .filter((_, index) => !(commands[index]?.words.includes(' ') ?? false))
  .map((one) => `    ${one}`)
  .join('\n')}
        esac ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _xswarm xswarm
`;
}

function fishScript(commands: CommandDescription[]): string {
  const quote = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
  const listed = (kind: keyof typeof LISTS): string => `(xswarm ${LISTS[kind]} --json 2>/dev/null | ${ID_OF_LINE})`;
  const lines = ['complete -c xswarm -f'];
  for (const word of firstWords(commands)) {
    const about = commands.find(({ words }) => words === word)?.description ?? `commands about ${word}`;
    lines.push(`complete -c xswarm -n __fish_use_subcommand -a ${word} -d ${quote(about)}`);
  }
  for (const command of commands) {
    const [first = '', second] = command.words.split(' ');
    const seenFirst = `__fish_seen_subcommand_from ${first}`;
    if (second !== undefined) {
      lines.push(`complete -c xswarm -n ${quote(seenFirst)} -a ${second} -d ${quote(command.description)}`);
    }
    const seen = second === undefined ? seenFirst : `${seenFirst}; and __fish_seen_subcommand_from ${second}`;
    for (const { name, description, values } of command.options) {
      const list = name === '--user' ? listed('user') : values.join(' ');
      const choice = list === '' ? '' : ` -x -a ${quote(list)}`;
      lines.push(
        `complete -c xswarm -n ${quote(seen)} -l ${name.replace(/^--/, '')} -d ${quote(description)}${choice}`,
      );
    }
    if (command.argument === null) continue;
    const list = typeof command.argument === 'string' ? listed(command.argument) : command.argument.join(' ');
    lines.push(`complete -c xswarm -n ${quote(seen)} -a ${quote(list)}`);
  }
  return `${lines.join('\n')}\n`;
}

function firstWords(commands: CommandDescription[]): string[] {
  return [...new Set(commands.map(({ words }) => words.split(' ')[0] ?? ''))];
}

function isInGroup({ words }: CommandDescription): boolean {
  return words.includes(' ');
}

function groupOf({ words }: CommandDescription): string {
  return words.split(' ')[0] ?? '';
}
