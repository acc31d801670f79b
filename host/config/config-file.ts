import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, TomlError } from 'smol-toml';
import { ConfigError } from './config-error.ts';
import { nearest } from './nearest.ts';
import type { NamedKey } from './sections.ts';

/** The text of a configuration file, parsed as TOML and not yet checked. */
export interface ConfigFile {
  path: string;
  /** Whether somebody chose it: it was named, or lies in the data folder or in the product's own checkout. */
  isChosen: boolean;
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
    const file = readToml(resolve(places.cwd, named), true);
    if (file === null) throw new ConfigError([`XSWARM_CONFIG names a file that does not exist: ${named}`]);
    return file;
  }
  return (
    readToml(join(places.cwd, 'config.toml'), isOwnCheckout(places.cwd)) ??
    readToml(join(places.dataDir, 'config.toml'), true)
  );
}

/** Whether a folder is the one that this program runs from. */
function isOwnCheckout(folder: string): boolean {
  try {
    return realpathSync(folder) === realpathSync(dirname(fileURLToPath(import.meta.resolve('xswarm/package.json'))));
  } catch {
    return false;
  }
}

function readToml(path: string, isChosen: boolean): ConfigFile | null {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new ConfigError([`Cannot read ${path}: ${(error as Error).message}`], { cause: error });
  }
  try {
    return { path, isChosen, content: parse(content) };
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

/** Variables of ours that are no configuration key. */
const OTHER_VARIABLES = [
  'XSWARM_HOME',
  'XSWARM_CACHE',
  'XSWARM_CONFIG',
  'XSWARM_URL',
  'XSWARM_TOKEN',
  'XSWARM_USER',
  'XSWARM_LOG_LEVEL',
];

/** Lists what the file holds that is no key of ours, with what was probably meant. */
export function unknownInFile(file: ConfigFile, keys: NamedKey[]): string[] {
  const sections = [...new Set(keys.map((key) => key.section))];
  return Object.entries(file.content).flatMap(([section, content]) => {
    if (!sections.includes(section)) {
      const what = isTable(content) ? `section [${section}]` : `key ${section} outside of any section`;
      const candidates = isTable(content) ? sections : keys.map((key) => key.name);
      const hint = meant(section, candidates) || `; known sections are ${sections.join(', ')}`;
      return [`Unknown ${what} in ${file.path}${hint} (name another file with XSWARM_CONFIG if this one is not ours)`];
    }
    if (!isTable(content)) return [`${section} in ${file.path} must be a section: [${section}]`];
    const names = keys.filter((key) => key.section === section).map((key) => key.name);
    return Object.keys(content)
      .filter((name) => !names.includes(name))
      .map((name) => {
        const hint = meant(name, names) || `; known keys are ${names.join(', ')}`;
        // The value is not shown: a misspelt key may hold a secret.
        return `Unknown key [${section}] ${name} in ${file.path}${hint}`;
      });
  });
}

/** Lists variables that look like keys of ours and are none. */
export function unknownVariables(env: ConfigPlaces['env'], keys: NamedKey[]): string[] {
  const known = [...OTHER_VARIABLES, ...keys.flatMap((key) => key.variables)];
  const sections = [...new Set(keys.map((key) => `XSWARM_${key.section.toUpperCase()}_`))];
  return Object.keys(env)
    .filter((name) => name.startsWith('XSWARM_') && !known.includes(name))
    .flatMap((name) => {
      const ours = sections.some((section) => name.startsWith(section));
      const hint = meant(name, known, ours ? undefined : 2);
      return ours || hint !== '' ? [`Unknown variable ${name}${hint}`] : [];
    });
}

function meant(word: string, candidates: readonly string[], limit?: number): string {
  const guess = nearest(word, candidates, limit);
  return guess === null ? '' : `: did you mean ${guess}?`;
}
