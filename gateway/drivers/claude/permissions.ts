import type { CanUseTool } from '@anthropic-ai/claude-agent-sdk';
import type { PermissionMode } from '../../../domain/session/session.ts';

const EDIT_TOOLS = new Set(['Write', 'Edit', 'MultiEdit', 'NotebookEdit']);

/** Why a request is denied, in words that tell Claude and the reader which mode would allow it. */
export function denial(tool: string, mode: PermissionMode): string {
  if (tool === 'AskUserQuestion') {
    return 'Nobody can answer questions in this session. Decide by yourself, or end your turn with the question.';
  }
  if (tool === 'ExitPlanMode') {
    return 'Nobody can approve a plan in this session. End your turn with the plan as your answer.';
  }
  const wider =
    EDIT_TOOLS.has(tool) && mode !== 'acceptEdits' ? '"acceptEdits" or "bypassPermissions"' : '"bypassPermissions"';
  return (
    `${tool} needs a permission that nobody can give in this session (permission mode "${mode}"). ` +
    `A session with the mode ${wider}, or an allow rule in the settings, may use it.`
  );
}

/** Answers Claude's permission requests at once, by the session's mode: what it asks for is denied, and reported. */
export function makePermissionAnswer(
  mode: PermissionMode,
  denied: (tool: string, toolUseId: string, summary: string) => void,
): CanUseTool {
  return async (tool, input, { toolUseID }) => {
    const message = denial(tool, mode);
    denied(tool, toolUseID, `${summarizeInput(tool, input)} (${message})`);
    return { behavior: 'deny', message };
  };
}

const TELLING = ['command', 'file_path', 'path', 'pattern', 'url', 'query', 'description', 'prompt', 'skill'];

/** One line that identifies a tool call. */
export function summarizeInput(tool: string, input: unknown): string {
  if (typeof input !== 'object' || input === null) return tool;
  const fields = input as Record<string, unknown>;
  const key = TELLING.find((name) => typeof fields[name] === 'string');
  return shorten(key === undefined ? JSON.stringify(fields) : (fields[key] as string));
}

/** At most 200 characters on one line. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
