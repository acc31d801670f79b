import { absolute } from '../../../domain/control/rules.ts';
import type { ToolCall } from '../../../domain/control/rules.ts';
import { readShell } from '../../../gateway/drivers/claude/gate/read-shell.ts';

const place = { cwd: '/project', home: '/users/me' };

/** A call of a tool in `/project`. */
export function callOf(tool: string, input: Record<string, unknown> = {}): ToolCall {
  const { file_path: path, command } = input;
  return {
    ...place,
    tool,
    input,
    paths: typeof path === 'string' ? [absolute(path, place)] : [],
    script: typeof command === 'string' ? readShell(command) : null,
  };
}

/** A Bash call in `/project`. */
export function bash(command: string): ToolCall {
  return callOf('Bash', { command });
}
