import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { ConfigError } from './config-error.ts';

/** The text of a configuration file, parsed as TOML and not yet checked. */
export interface ConfigFile {
  path: string;
  content: Record<string, unknown>;
}

/** Where a configuration file may be. */
export interface ConfigPlaces {
  env: Record<string, string | undefined>;
  cwd: string;
  dataDir: string;
}

/** Reads `XSWARM_CONFIG`, else `config.toml` in the working directory, else the one in the data folder; null without any. */
export function readConfigFile(places: ConfigPlaces): ConfigFile | null {
  const named = places.env.XSWARM_CONFIG;
  if (named !== undefined && named !== '') {
    const file = readToml(named);
    if (file === null) throw new ConfigError([`XSWARM_CONFIG names a file that does not exist: ${named}`]);
    return file;
  }
  return readToml(join(places.cwd, 'config.toml')) ?? readToml(join(places.dataDir, 'config.toml'));
}

function readToml(path: string): ConfigFile | null {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new ConfigError([`Cannot read ${path}: ${(error as Error).message}`], { cause: error });
  }
  try {
    return { path, content: parse(content) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0] ?? '';
    throw new ConfigError([`${path}:${error.line}:${error.column} is not TOML: ${reason}`], { cause: error });
  }
}

/** Whether a TOML value is a table. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
