import { posix } from 'node:path';
import { isReadOnlyCommand } from './read-only-bash.ts';
import type { ShellCommand, ShellScript } from './shell.ts';

/** A permission rule in Claude Code's syntax: a tool, and what of it: `Bash(git push *)`, `WebFetch(domain:x)`. */
export interface Rule {
  tool: string;
  /** Null: every use of the tool. */
  specifier: string | null;
}

/** A tool call with all that a rule may ask about it. */
export interface ToolCall {
  tool: string;
  input: Record<string, unknown>;
  /** The folder that the session works in; absolute. */
  cwd: string;
  home: string;
  /** The files and folders that it names: as they were written, and where their links lead; absolute. */
  paths: string[];
  /** What a Bash call runs; null for any other tool. */
  script: ShellScript | null;
}

const READING = new Set(['Read', 'Grep', 'Glob', 'LS', 'NotebookRead']);
const EDITING = new Set(['Edit', 'Write', 'MultiEdit', 'NotebookEdit']);

/** Whether a tool reads files and does nothing else. */
export function isReading(tool: string): boolean {
  return READING.has(tool);
}

/** Whether a tool changes files and does nothing else. */
export function isEditing(tool: string): boolean {
  return EDITING.has(tool);
}

/** Reads a rule; null when it is not in the syntax. */
export function parseRule(text: string): Rule | null {
  const [, tool, specifier] = /^([A-Za-z][\w-]*\*?)(?:\(([^\n]+)\))?$/.exec(text.trim()) ?? [];
  if (tool === undefined) return null;
  return { tool, specifier: specifier === undefined || specifier === '*' ? null : specifier };
}

/**
 * Whether the rules together allow all of a call: each command of a command line by some rule, beside commands that only read in
 * the project.
 */
export function allowsAll(rules: Rule[], call: ToolCall): boolean {
  const own = rules.filter((rule) => isForTool(rule, call.tool));
  if (own.some(({ specifier }) => specifier === null)) return true;
  if (call.script !== null) {
    if (!call.script.plain) return false;
    const others = call.script.commands.filter((command) => !own.some((rule) => allowsCommand(rule, command)));
    const isAnyAllowed = others.length < call.script.commands.length;
    return isAnyAllowed && others.every((command) => isReadOnlyCommand(command) && staysInside(command, call));
  }
  if (isReading(call.tool) || isEditing(call.tool)) {
    return call.paths.length > 0 && call.paths.every((path) => own.some((rule) => isOnPath(rule, path, call)));
  }
  return own.some((rule) => isForInput(rule, call) === true);
}

/** Whether no argument of a command names a place outside the session's folder. */
export function staysInside({ words }: ShellCommand, call: ToolCall): boolean {
  return words.slice(1).every(({ value }) => {
    // An option may carry a path: `-f/etc/x`, `--file=../x`.
    if (value.startsWith('-')) return !/[/~]|\.\./.test(value);
    return isInside(absolute(value, call), call.cwd);
  });
}

/** Whether a rule concerns any part of a call; what cannot be told counts as concerned. */
export function concerns(rule: Rule, call: ToolCall): boolean {
  if (call.script !== null && rule.tool === 'Read') return concernsReading(rule, call.script, call);
  if (!isForTool(rule, call.tool)) return false;
  if (rule.specifier === null) return true;
  if (call.script !== null) return call.script.commands.some((command) => concernsCommand(rule, command));
  if (isReading(call.tool) || isEditing(call.tool)) return call.paths.some((path) => isOnPath(rule, path, call));
  return isForInput(rule, call) ?? true;
}

function isForTool({ tool }: Rule, called: string): boolean {
  if (tool === called) return true;
  if (tool === 'Edit') return isEditing(called);
  if (tool === 'Read') return isReading(called);
  if (!tool.startsWith('mcp__')) return false;
  if (tool.endsWith('*')) return called.startsWith(tool.slice(0, -1));
  // The name of a server stands for all its tools.
  return !tool.slice('mcp__'.length).includes('__') && called.startsWith(`${tool}__`);
}

function allowsCommand({ specifier }: Rule, { source, writes }: ShellCommand): boolean {
  return writes.length === 0 && !source.includes('\n') && matchesCommand(specifier ?? '*', source);
}

/** Programs that run the rest of their words. */
const WRAPPERS = new Set([
  'sudo',
  'env',
  'command',
  'nohup',
  'time',
  'nice',
  'timeout',
  'xargs',
  'exec',
  'builtin',
  'stdbuf',
]);

function concernsCommand({ specifier }: Rule, command: ShellCommand): boolean {
  const pattern = specifier ?? '*';
  let words = command.words.map(({ value }) => value);
  for (;;) {
    const [name = '', ...rest] = words;
    const plain = [posix.basename(name), ...rest].join(' ');
    if (matchesCommand(pattern, plain) || matchesCommand(pattern, [name, ...rest].join(' '))) return true;
    if (!WRAPPERS.has(posix.basename(name)) || rest.length === 0) return matchesCommand(pattern, command.source);
    // What the wrapper takes for itself is not known: every later word may be the command.
    words = rest;
    if (rest.some((_, index) => matchesCommand(pattern, rest.slice(index).join(' ')))) return true;
  }
}

/** `*` stands for any text; a ` *` or `:*` at the end also for none. */
function matchesCommand(pattern: string, command: string): boolean {
  const open = pattern.replace(/:\*$/, ' *');
  if (open.endsWith(' *') && command === open.slice(0, -2)) return true;
  return new RegExp(`^${open.split('*').map(escaped).join('.*')}$`, 's').test(command);
}

function concernsReading(rule: Rule, script: ShellScript, call: ToolCall): boolean {
  if (rule.specifier === null) return false;
  return script.commands.some(({ words }) =>
    words.slice(1).some(({ value }) => isOnPath(rule, absolute(value, call), call)),
  );
}

/** The path that a person or a model wrote, as an absolute one. */
export function absolute(path: string, { cwd, home }: Pick<ToolCall, 'cwd' | 'home'>): string {
  if (path === '~' || path.startsWith('~/')) return posix.join(home, path.slice(1));
  return posix.resolve(cwd, path);
}

/** Whether a path is a folder or lies in it. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** `//dir` is absolute, `~/dir` in the home folder, `/dir` and `./dir` in the session's folder, a bare name at any depth of it. */
function isOnPath({ specifier }: Rule, path: string, { cwd, home }: ToolCall): boolean {
  if (specifier === null) return true;
  const [folder, pattern] = specifier.startsWith('//')
    ? ['/', specifier.slice(2)]
    : specifier.startsWith('~/')
      ? [home, specifier.slice(2)]
      : [cwd, specifier.replace(/^(\.?\/)/, '')];
  if (!isInside(path, folder)) return false;
  const below = posix.relative(folder, path);
  const bare = folder === cwd && !/^\.?\//.test(specifier) && !pattern.includes('/');
  return new RegExp(`^${bare ? '(.*/)?' : ''}${globPattern(pattern)}(/.*)?$`, 's').test(below);
}

function globPattern(pattern: string): string {
  return pattern
    .replace(/\/$/, '')
    .split(/(\/?\*\*\/?|\*|\?)/)
    .map((part) => {
      if (part === '/**') return '(/.*)?';
      if (part === '**/') return '(.*/)?';
      if (part === '/**/') return '/(.*/)?';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      return part === '?' ? '[^/]' : escaped(part);
    })
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** Whether the rule means this input; null where the tool has no way to tell that is known here. */
function isForInput({ specifier }: Rule, { tool, input }: ToolCall): boolean | null {
  if (specifier === null) return true;
  if (tool === 'WebFetch' && specifier.startsWith('domain:'))
    return isOfDomain(input.url, specifier.slice(7).toLowerCase());
  const named = tool === 'Skill' ? input.skill : tool === 'Agent' || tool === 'Task' ? input.subagent_type : undefined;
  return named === undefined ? null : named === specifier;
}

function isOfDomain(url: unknown, domain: string): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return domain.startsWith('*.') ? hostname.endsWith(domain.slice(1)) : hostname === domain;
}
