import type { Ask, Question } from '../../../../domain/control/interaction.ts';
import type { ToolCall } from '../../../../domain/control/rules.ts';
import { suggestFor, suggestionsOf } from '../../../../domain/control/suggestions.ts';
import type { SuggestedUpdate } from '../../../../domain/control/suggestions.ts';
import { summarizeInput } from '../permissions.ts';

/** What Claude Code itself says about a call that it asks about. */
export interface ClaudeReason {
  reason?: string;
  blockedPath?: string;
  suggestions?: SuggestedUpdate[];
}

/** What a person is asked about a call. */
export function askOf(call: ToolCall, reason: string, claude: ClaudeReason = {}): Ask {
  const { tool, input } = call;
  if (tool === 'AskUserQuestion') return { kind: 'question', detail: { questions: questionsOf(input.questions) } };
  if (tool === 'ExitPlanMode') {
    return { kind: 'plan', detail: { plan: typeof input.plan === 'string' ? input.plan : '' } };
  }
  const suggested = suggestionsOf(claude.suggestions ?? []);
  return {
    kind: 'permission',
    detail: {
      tool,
      input,
      summary: summarizeInput(tool, input),
      reason: claude.reason ?? reason,
      blocked_path: claude.blockedPath ?? null,
      suggestions: suggested.length > 0 ? suggested : suggestFor(call),
    },
  };
}

function questionsOf(questions: unknown): Question[] {
  if (!Array.isArray(questions)) return [];
  return (questions as Record<string, unknown>[]).map((asked) => ({
    question: text(asked.question),
    header: text(asked.header),
    multi_select: asked.multiSelect === true,
    options: Array.isArray(asked.options)
      ? (asked.options as Record<string, unknown>[]).map(({ label, description }) => ({
          label: text(label),
          description: text(description),
        }))
      : [],
  }));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
