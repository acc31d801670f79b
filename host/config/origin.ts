import type { Config } from './sections.ts';

/** Where a value came from. */
export type Origin =
  | { from: 'default' }
  | { from: 'file'; path: string }
  | { from: 'variable'; name: string }
  | { from: 'key'; path: string };

/** The configuration and, for each `section.key`, where its value came from. */
export interface LoadedConfig {
  config: Config;
  origins: Record<string, Origin>;
  file: string | null;
}

/** Says in words where a value came from. */
export function describeOrigin(origin: Origin): string {
  if (origin.from === 'file') return origin.path;
  if (origin.from === 'variable') return `variable ${origin.name}`;
  if (origin.from === 'key') return `follows ${origin.path}`;
  return 'default';
}
