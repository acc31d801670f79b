import { Command } from 'clipanion';
import { ConfigError } from '../../host/config/config-error.ts';
import type { Finding } from '../../host/doctor/diagnose.ts';
import { XswarmCommand } from '../command.ts';
import { makePaint } from '../output/paint.ts';

const COLORS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** `xswarm doctor` */
export class DoctorCommand extends XswarmCommand {
  static override paths = [['doctor']];
  static override usage = Command.Usage({
    category: 'Operation',
    description: 'check everything that xswarm needs, and say what to do',
    details: 'Changes nothing. Exit code 1 when a check fails; warnings are no failure.',
    examples: [['Check', '$0 doctor']],
  });

  override async execute(): Promise<number> {
    let failed = false;
    for await (const finding of this.findings()) {
      failed ||= finding.state === 'fail';
      this.emit(finding);
      this.say(this.line(finding));
    }
    return failed ? 1 : 0;
  }

  private async *findings(): AsyncGenerator<Finding, void, undefined> {
    const { diagnose } = await import('../../host/doctor/diagnose.ts');
    try {
      const { config, file } = await this.config();
      yield { check: 'Configuration', state: 'ok', text: file ?? 'defaults and variables, no file' };
      yield* diagnose({ config, ...this.context });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const text of error.problems) {
        yield { check: 'Configuration', state: 'fail', text, todo: 'Correct it; the rest is checked after that' };
      }
    }
  }

  private line({ check, state, text, todo }: Finding): string {
    const paint = makePaint(this.context.color);
    const advice = todo === undefined ? '' : `\n${' '.repeat(21)}→ ${todo}`;
    return `${paint(COLORS[state], state.padEnd(5))} ${check.padEnd(14)} ${text}${advice}`;
  }
}
