import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import type { ClaudeCodeConnector } from '../client/connector.ts';
import type { LoadedConfig } from '../host/config/load.ts';
import type { CliContext } from './context.ts';

/** What all commands share: `--json`, and ways to the configuration and the server. */
export abstract class XswarmCommand extends Command<CliContext> {
  /** The values of options and arguments that have a fixed set of them, for completion. */
  static values: Record<string, readonly string[]> = {};

  json = Option.Boolean('--json', false, { description: 'Print one JSON object a line and nothing else' });

  abstract override execute(): Promise<number | void>;

  /** Writes lines for people; nothing with `--json`. */
  protected say(...lines: string[]): void {
    if (!this.json) for (const line of lines) this.context.stdout.write(`${line}\n`);
  }

  /** Writes one object as a line, with `--json` alone. */
  protected emit(data: object): void {
    if (this.json) this.context.stdout.write(`${JSON.stringify(data)}\n`);
  }

  /** The context of a command that was told which configuration file to use; the parts that it starts use the same. */
  protected withConfigFile(file: string | undefined): CliContext {
    if (file === undefined) return this.context;
    return { ...this.context, env: { ...this.context.env, XSWARM_CONFIG: resolve(this.context.cwd, file) } };
  }

  /** Reads the configuration; throws `ConfigError`. */
  protected async config(): Promise<LoadedConfig> {
    const { loadConfig } = await import('../host/config/load.ts');
    return loadConfig(this.context);
  }

  /** Makes a connector to `XSWARM_URL`, else to the configured server, with `XSWARM_TOKEN`. */
  protected async connector(): Promise<ClaudeCodeConnector> {
    const { connectorOf } = await import('./access/connector-of.ts');
    return await connectorOf(this.context);
  }
}
