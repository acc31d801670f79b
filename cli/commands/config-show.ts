import { Command } from 'clipanion';
import { ConfigError } from '../../host/config/config-error.ts';
import { describeOrigin } from '../../host/config/load.ts';
import { namedKeys } from '../../host/config/sections.ts';
import { XswarmCommand } from '../command.ts';
import { makePaint } from '../output/paint.ts';
import { formatTable } from '../output/table.ts';

/** `xswarm config show` */
export class ConfigShowCommand extends XswarmCommand {
  static override paths = [['config', 'show']];
  static override usage = Command.Usage({
    category: 'Operation',
    description: 'show every setting, its value and where it came from',
    details: 'Secrets are hidden. Where something is wrong, every problem is listed.',
    examples: [['Show the settings', '$0 config show']],
  });

  override async execute(): Promise<number> {
    const loaded = await this.config().catch((error: unknown) => {
      if (error instanceof ConfigError) return error;
      throw error;
    });
    if (loaded instanceof ConfigError) {
      this.context.stderr.write(loaded.problems.map((problem) => `${problem}\n`).join(''));
      return 1;
    }
    const values = loaded.config as unknown as Record<string, Record<string, unknown>>;
    const rows = namedKeys().map(({ section, name, path, key }) => {
      const value = values[section]?.[name];
      const isSet = loaded.origins[path]?.from !== 'default';
      const shown = key.secret && isSet ? '[hidden]' : value;
      return { key: path, value: shown, origin: describeOrigin(loaded.origins[path] ?? { from: 'default' }), isSet };
    });
    this.emit({ data_folder: this.context.dataDir, file: loaded.file });
    for (const { key, value, origin } of rows) this.emit({ key, value, origin });

    const paint = makePaint(this.context.color);
    this.say(`Data folder: ${this.context.dataDir}`, `File: ${loaded.file ?? 'none'}`, '');
    const columns = [
      { title: 'KEY', value: (row: (typeof rows)[number]) => row.key },
      { title: 'VALUE', value: (row: (typeof rows)[number]) => JSON.stringify(row.value), cut: 'end' as const },
      {
        title: 'FROM',
        value: (row: (typeof rows)[number]) => row.origin,
        cut: 'start' as const,
        paint: (text: string, row: (typeof rows)[number]) => paint(row.isSet ? 'cyan' : 'dim', text),
      },
    ];
    this.say(...formatTable(rows, columns, this.context.width, paint));
    return 0;
  }
}
