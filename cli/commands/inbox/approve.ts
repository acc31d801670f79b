import { Command, Option, UsageError } from 'clipanion';
import type { ShownInteraction } from '../../../domain/control/interaction.ts';
import { DecisionCommand } from './decision-command.ts';

/** `xswarm approve` */
export class ApproveCommand extends DecisionCommand {
  static override paths = [['approve']];
  static override usage = Command.Usage({
    category: 'Approvals',
    description: 'allow a tool call, or approve a plan',
    examples: [
      ['Allow number 1 of the inbox', '$0 approve 1'],
      ['Allow it, and what it suggests, for the session', '$0 approve 1 --session'],
      ['Allow another command instead', `$0 approve 1 --input '{"command": "npm test -- --bail"}'`],
    ],
  });

  session = Option.Boolean('--session', false, { description: 'Allow such calls for the rest of the session' });
  rule = Option.String('--rule', { description: 'With --session: the rule to allow, else the first one suggested' });
  input = Option.String('--input', { description: "The tool's input to run instead, as JSON" });
  mode = Option.String('--mode', { description: 'Of a plan: the permission mode to carry it out in' });

  protected readonly done = 'Approved';

  protected answerTo({ kind }: ShownInteraction): Record<string, unknown> {
    if (kind === 'permission') {
      return {
        decision: this.session ? 'allow_session' : 'allow',
        ...(this.session && this.rule !== undefined && { rule: this.rule }),
        ...(this.input !== undefined && { updated_input: jsonOf(this.input) }),
      };
    }
    if (kind === 'plan') return { decision: 'approve', ...(this.mode !== undefined && { permission_mode: this.mode }) };
    throw new UsageError(`A ${kind} cannot be approved: use \`xswarm answer <id> <text>\``);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--input must be JSON, for example '{"command": "npm test"}'`);
  }
}
