import type { ClaudeCodeConnector } from '../../client/connector.ts';
import type { ReviewedSettings } from '../../domain/project-settings.ts';
import type { CliContext } from '../context.ts';
import { confirm } from '../connect/choose-session.ts';
import { printableLine } from '../output/printable.ts';

/** Lists what a folder would run, one item a line. */
export function settingsLines({ project_path, hooks, mcp_servers, rules, files, trust }: ReviewedSettings): string[] {
  const part = (title: string, items: string[]): string[] =>
    items.length === 0 ? [] : [`  ${title}`, ...items.map((item) => `    ${printableLine(item)}`)];
  return [
    `The settings of ${printableLine(project_path)} ${trust === 'changed' ? 'have changed since they were trusted' : 'are not trusted'}:`,
    ...part('Commands that run by themselves', hooks),
    ...part('MCP servers', mcp_servers),
    ...part('Allowed without a question', rules),
    ...part('Files', files),
  ];
}

/** Asks a person at a terminal once whether a folder is trusted, where it has something to run. False is the safe answer. */
export async function offerTrust(
  connector: ClaudeCodeConnector,
  projectPath: string,
  context: CliContext,
): Promise<boolean> {
  const settings = await connector.reviewProject(projectPath);
  const { digest, trust } = settings;
  if (digest === null || trust === 'trusted' || trust === 'none') return false;
  context.stderr.write(`${settingsLines(settings).join('\n')}\n`);
  if (!(await confirm('Trust them, so that Claude Code loads and runs them?', context, { byDefault: false }))) {
    context.stderr.write('They are not loaded. To trust them later: xswarm project trust\n');
    return false;
  }
  await connector.trustProject(settings.project_path, digest);
  return true;
}
