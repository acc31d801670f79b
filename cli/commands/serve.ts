import { ROLES } from '../../host/run/roles/part.ts';
import { Command, Option, UsageError } from 'clipanion';
import { XswarmCommand } from '../command.ts';

/** `xswarm serve` */
export class ServeCommand extends XswarmCommand {
  static override paths = [['serve']];
  static override values = { '--roles': ROLES };
  static override usage = Command.Usage({
    category: 'Running',
    description: 'run some of the parts in this process',
    details: `
      The parts are \`api\` (REST and the supervisor socket), \`worker\` and \`gateway\`. The log goes to stderr as JSON lines. A
      worker without \`api\` in the same process writes what people read through [server] url.
    `,
    examples: [
      ['Run everything but Temporal in one process', '$0 serve --roles api,worker,gateway'],
      ['Run another worker', '$0 serve --roles worker'],
    ],
  });

  roles = Option.String('--roles', { description: 'Some of api, worker, gateway, by comma' });
  configFile = Option.String('--config', { description: 'The configuration file' });
  debug = Option.Boolean('--debug', false, { description: 'Log more' });

  override async execute(): Promise<number> {
    if (this.roles === undefined) throw new UsageError(`--roles is missing: some of ${ROLES.join(', ')}`);
    const named = [...new Set(this.roles.split(',').map((word) => word.trim()))];
    const unknown = named.find((word) => !ROLES.some((role) => role === word));
    if (unknown !== undefined) throw new UsageError(`--roles ${unknown} must be some of ${ROLES.join(', ')}`);
    const { runServe } = await import('../running/run-serve.ts');
    return await runServe(
      this.withConfigFile(this.configFile),
      ROLES.filter((role) => named.includes(role)),
      this.debug,
    );
  }
}
