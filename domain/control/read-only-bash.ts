import type { ShellCommand, ShellScript, ShellWord } from './shell.ts';

/** What a command may be called with so that it only reads. */
interface ReadOnlyUse {
  /** The options that are known to only read; all of them when not set. */
  options?: RegExp;
  /** How many operands it may have; any number when not set. */
  maxOperands?: number;
  /** A look at the words where options and operands are not enough. */
  check?: (words: ShellWord[]) => boolean;
}

const ANY: ReadOnlyUse = {};
const NONE: ReadOnlyUse = { options: /^$/, maxOperands: 0 };
/** With no option, or another one, these run what they read. */
const VERSION: ReadOnlyUse = { options: /^--version$/, maxOperands: 0, check: (words) => words.length === 1 };

const GREP_WORDS = 'count|files-with-matches|ignore-case|invert-match|line-number|no-heading|word-regexp|hidden|files';
const FIND_TESTS =
  'name|iname|path|ipath|regex|iregex|type|maxdepth|mindepth|size|mtime|mmin|newer|empty|print|print0|printf|not|o|a|and|or|prune|depth|xdev|user|group|perm|L|P|H';
const GIT_READS: ReadOnlyUse = {
  options: new RegExp(
    '^(-\\d+|-[abnpsuvwz]|-[MU]\\d*|--' +
      '(oneline|stat|shortstat|numstat|name-only|name-status|graph|all|decorate|cached|staged|short|porcelain|branch|' +
      'no-color|no-merges|merges|reverse|follow|patch|no-patch|abbrev-ref|show-toplevel|show-current|verify|others|' +
      'exclude-standard|date-order|(format|pretty|since|until|after|before|author|grep|max-count|date|diff-filter)=.*))$',
  ),
};
/** The subcommands of git that only read; those that list without operands would create with one. */
const GIT = new Map<string, ReadOnlyUse>([
  ...['status', 'log', 'diff', 'show', 'blame', 'ls-files', 'rev-parse'].map(use(GIT_READS)),
  ['branch', { options: /^(-[arv]|-vv|--all|--list|--show-current)$/, maxOperands: 0 }],
  ['tag', { options: /^(-l|-n\d*|--list)$/, maxOperands: 0 }],
  ['remote', { options: /^-v$/, maxOperands: 0 }],
]);

/**
 * The commands that only read. A name that is missing here is asked about, and so is an option that is not known to read only: options
 * that run a program or write a file (`--pre`, `-exec`, `-o`) and their abbreviations are in none of the patterns.
 */
const READ_ONLY = new Map<string, ReadOnlyUse>([
  ...['ls', 'cat', 'head', 'tail', 'wc', 'nl', 'cut', 'tr', 'rev', 'tac', 'stat', 'du', 'df', 'seq'].map(use(ANY)),
  ...['echo', 'pwd', 'true', 'false', 'basename', 'dirname', 'realpath', 'readlink', 'which', 'sleep'].map(use(ANY)),
  ...['grep', 'egrep', 'fgrep', 'cmp', 'md5sum', 'sha1sum', 'sha256sum', 'id'].map(use(ANY)),
  ...['whoami', 'nproc', 'arch', 'uptime'].map(use(NONE)),
  ...['node', 'npm', 'python3'].map(use(VERSION)),
  ['uname', { maxOperands: 0 }],
  [
    'date',
    { options: /^(-u|--utc|-I(date|seconds)?)$/, check: (words) => words.every(({ value }) => /^[-+]/.test(value)) },
  ],
  ['file', { options: /^(-[biL]+|--mime-type)$/ }],
  ['tree', { options: /^-[adfFhispL]+$/ }],
  ['diff', { options: /^(-[urqwbNyi]+|-U\d+|--brief|--unified(=\d+)?|--side-by-side)$/ }],
  ['sort', { options: /^(-[bdfghiMnRrVuc]+|-k[\d.,nrbf]*|-t.?)$/ }],
  ['uniq', { options: /^-[cdiu]+$/, maxOperands: 1 }],
  [
    'rg',
    { options: new RegExp(`^(-[ABCceFgHhilmnNopqsStTuUvwx]+\\d*|--(${GREP_WORDS})|--(type|glob|max-count)=.*)$`) },
  ],
  ['find', { options: new RegExp(`^-(${FIND_TESTS})$`) }],
  ['sed', { check: isPrintingOfLines }],
  ['git', { check: isReadingOfGit }],
]);

function use(allowed: ReadOnlyUse): (name: string) => [string, ReadOnlyUse] {
  return (name) => [name, allowed];
}

/** Whether nothing in the command line can change a file, start a program of its choice, or send anything. */
export function isReadOnly(script: ShellScript): boolean {
  return script.plain && script.commands.length > 0 && script.commands.every(isReadOnlyCommand);
}

/** Whether a command only reads, by name and options. */
export function isReadOnlyCommand({ words: [name, ...words], writes }: ShellCommand): boolean {
  if (name === undefined || name.glob || writes.length > 0) return false;
  const allowed = READ_ONLY.get(name.value);
  return allowed !== undefined && isWithin(allowed, words);
}

function isWithin({ options, maxOperands = Infinity, check }: ReadOnlyUse, words: ShellWord[]): boolean {
  // The names of files that replace a pattern may look like options, unless the pattern begins with a plain letter or path.
  if (words.some(({ value, glob }) => glob && (maxOperands !== Infinity || !/^[\w./]/.test(value)))) return false;
  if (check !== undefined && !check(words)) return false;
  const end = words.findIndex(({ value }) => value === '--');
  const [before, after] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
  const asked = before.filter(({ value }) => value.startsWith('-') && value !== '-');
  if (options !== undefined && !asked.every(({ value }) => options.test(value))) return false;
  return before.length - asked.length + after.length <= maxOperands;
}

/** `sed -n 1,20p file`: anything else may write a file or run a command. */
function isPrintingOfLines([quiet, script, ...files]: ShellWord[]): boolean {
  if (quiet?.value !== '-n' || script === undefined || script.glob) return false;
  return /^\d+(,(\d+|\$))?p$/.test(script.value) && files.every(({ value }) => !value.startsWith('-'));
}

/** No option before the subcommand: `-c` and `-C` choose a program or a repository. */
function isReadingOfGit([subcommand, ...words]: ShellWord[]): boolean {
  if (subcommand === undefined || subcommand.glob) return false;
  if (subcommand.value === '--version') return words.length === 0;
  const allowed = GIT.get(subcommand.value);
  return allowed !== undefined && isWithin(allowed, words);
}
