import { forEachChild, parse } from 'unbash';
import type { Command, Redirection, Statement, SyntaxNode, Word, WordPart } from 'unbash';
import type { ShellCommand, ShellScript, ShellWord } from '../../../../domain/control/shell.ts';

/** Longer ones are not read. */
const MAX_LENGTH = 20_000;
/** What shells disagree on, or what hides from a reader: control characters, exotic blanks. */
const UNREADABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} \t\n]/u;

/** Reads a command line as Bash does. What cannot be read with certainty is not `plain`. */
export function readShell(text: string): ShellScript {
  if (text.length > MAX_LENGTH || UNREADABLE.test(text)) return { commands: [], plain: false };
  const script = parse(text);
  const commands: ShellCommand[] = [];
  (function collect(node: SyntaxNode): void {
    if (node.type === 'Command') commands.push(readCommand(node, text));
    forEachChild(node, collect);
  })(script);
  const plain =
    (script.errors ?? []).length === 0 && script.shebang === undefined && script.commands.every(isPlainStatement);
  return { commands, plain };
}

function isPlainStatement({ command, background }: Statement): boolean {
  if (background === true) return false;
  const parts = command.type === 'AndOr' ? command.commands : [command];
  return parts.every((part) => {
    if (part.type !== 'Pipeline') return isPlainCommand(part);
    return part.prefixes.length === 0 && part.commands.every(isPlainCommand);
  });
}

function isPlainCommand(node: SyntaxNode): boolean {
  if (node.type !== 'Command' || node.name === undefined || node.prefix.length > 0) return false;
  return (
    node.suffix.every((item) => {
      if (item.type === 'Word') return isPlainWord(item);
      return item.type === 'Redirect' && (isHarmless(item) || (isWriting(item) && isPlainWord(item.target!)));
    }) &&
    isPlainWord(node.name) &&
    !isGlob(node.name)
  );
}

/** Letters, quotes without expansions, and the patterns of file names; a backslash only within quotes. */
function isPlainWord(word: Word): boolean {
  const parts: readonly WordPart[] | undefined = word.parts;
  if (parts === undefined) return !/[\\`$(){}]/.test(word.text);
  return parts.every((part) => {
    if (part.type === 'SingleQuoted') return true;
    if (part.type === 'DoubleQuoted') return part.parts.every((child) => child.type === 'Literal');
    if (part.type === 'Glob') return part.kind !== 'bracket' || part.parts.every((inner) => inner.type === 'Literal');
    return part.type === 'Literal' && !/[\\`$(){}]/.test(part.text);
  });
}

function isGlob(word: Word): boolean {
  return word.parts?.some(({ type }) => type === 'Glob') ?? false;
}

/** Copies of descriptors, and output that goes nowhere. */
function isHarmless(item: Redirection): boolean {
  if (item.type !== 'Redirect' || item.descriptor?.type === 'FileDescriptorVariable') return false;
  if (item.operator === '>&') return /^\d$/.test(item.target?.text ?? '');
  return (item.operator === '>' || item.operator === '&>') && item.target?.text === '/dev/null';
}

function isWriting(item: Redirection): boolean {
  if (item.type !== 'Redirect' || item.descriptor !== undefined || item.target === undefined) return false;
  return (item.operator === '>' || item.operator === '>>') && !isGlob(item.target);
}

function readCommand(node: Command, text: string): ShellCommand {
  const words = [node.name, ...node.suffix].filter((item) => item?.type === 'Word');
  const writes = node.redirects.filter((item) => !isHarmless(item)).map((item) => target(item));
  // Within an escaped substitution the places are those of another text; such a script is not plain anyway.
  const last = words.at(-1);
  const source = last === undefined ? '' : text.slice(words[0]!.pos, last.end);
  return { source, words: words.map(readWord), writes };
}

function target(item: Redirection): string {
  return item.type === 'HereDoc' ? '' : (item.target?.value ?? '');
}

function readWord(word: Word): ShellWord {
  return { value: word.value, glob: isGlob(word) };
}
