import { posix } from 'node:path';
import type { RuleSuggestion } from './interaction.ts';
import { isEditing, isInside, isReading, parseRule } from './rules.ts';
import type { ToolCall } from './rules.ts';

/** A change of permissions as Claude Code suggests it; only `addRules` that allow are shown to people. */
export interface SuggestedUpdate {
  type: string;
  behavior?: string;
  rules?: { toolName: string; ruleContent?: string }[];
}

/** The suggestions of Claude Code that a person may choose, in plain words. */
export function suggestionsOf(updates: SuggestedUpdate[]): RuleSuggestion[] {
  return updates.flatMap((update) =>
    update.type === 'addRules' && update.behavior === 'allow'
      ? (update.rules ?? []).flatMap(({ toolName, ruleContent }) =>
          suggestion(ruleContent === undefined ? toolName : `${toolName}(${ruleContent})`),
        )
      : [],
  );
}

/** Programs whose second word says what they do. */
const WITH_SUBCOMMANDS = new Set([
  'git',
  'npm',
  'pnpm',
  'yarn',
  'cargo',
  'go',
  'docker',
  'kubectl',
  'make',
  'gh',
  'dotnet',
]);

/** What may be allowed for the session where only we know of the call: never more than one command, folder, host or tool. */
export function suggestFor(call: ToolCall): RuleSuggestion[] {
  const { tool, input, script, paths } = call;
  if (script !== null) {
    const [command, ...more] = script.commands;
    if (command === undefined || !script.plain || more.length > 0 || command.writes.length > 0) return [];
    if (/[\n*()]/.test(command.source)) return [];
    const exact = suggestion(`Bash(${command.source})`);
    const [name, subcommand] = command.words;
    const isFamily = WITH_SUBCOMMANDS.has(name?.value ?? '') && /^[a-z][\w-]*$/.test(subcommand?.value ?? '');
    return isFamily ? [...suggestion(`Bash(${name!.value} ${subcommand!.value} *)`), ...exact] : exact;
  }
  const [path] = paths;
  if ((isReading(tool) || isEditing(tool)) && path !== undefined) {
    const folder = isEditing(tool) && isInside(path, call.cwd) ? call.cwd : posix.dirname(path);
    return folder === '/' ? [] : suggestion(`${isReading(tool) ? 'Read' : 'Edit'}(/${folder}/**)`);
  }
  if (tool === 'WebFetch' && typeof input.url === 'string' && URL.canParse(input.url)) {
    return suggestion(`WebFetch(domain:${new URL(input.url).hostname})`);
  }
  return tool === 'WebSearch' || tool.startsWith('mcp__') ? suggestion(tool) : [];
}

function suggestion(rule: string): RuleSuggestion[] {
  const label = ruleInWords(rule);
  return label === null ? [] : [{ rule, label }];
}

/** What a rule allows, in plain words; null when it is not in the syntax. */
export function ruleInWords(rule: string): string | null {
  const parsed = parseRule(rule);
  if (parsed === null) return null;
  const { tool, specifier } = parsed;
  if (specifier === null) return `every use of ${tool}`;
  if (tool === 'Bash') {
    const prefix = specifier.replace(/(:| )\*$/, '');
    return prefix === specifier ? `the command "${specifier}"` : `commands that begin with "${prefix}"`;
  }
  if (tool === 'WebFetch') return `pages of ${specifier.replace(/^domain:/, '')}`;
  const place = specifier.replace(/^\/\//, '/').replace(/\/\*\*$/, '');
  if (tool === 'Read') return `reading in ${place}`;
  if (tool === 'Edit') return `changing files in ${place}`;
  return `${tool} for ${specifier}`;
}
