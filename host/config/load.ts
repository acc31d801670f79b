import { ConfigError } from './config-error.ts';
import { followGateway, followSupervisorUrl, refuseOpenLocal } from './derive.ts';
import { isSensitive, namedKeys } from './sections.ts';
import type { Config, NamedKey } from './sections.ts';
import { isTable, readConfigFile, unknownInFile, unknownVariables } from './config-file.ts';
import type { ConfigFile, ConfigPlaces } from './config-file.ts';

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

/**
 * Reads file and environment (which wins) over the defaults. Throws `ConfigError` on anything that is not allowed, and on a
 * sensitive key in a file that merely lies in the working directory.
 */
export function loadConfig(places: ConfigPlaces): LoadedConfig {
  return load(places, 'refuse');
}

/** The same for commands that are clients: in a file that merely lies in the working directory sensitive keys are ignored. */
export function loadClientConfig(places: ConfigPlaces): LoadedConfig {
  return load(places, 'ignore');
}

function load(places: ConfigPlaces, unchosen: 'refuse' | 'ignore'): LoadedConfig {
  const file = readConfigFile(places);
  const keys = namedKeys();
  const problems = [...(file === null ? [] : unknownInFile(file, keys)), ...unknownVariables(places.env, keys)];
  const values: Record<string, Record<string, unknown>> = {};
  const origins: Record<string, Origin> = {};

  for (const named of keys) {
    let found = lookUp(named, places.env, file);
    const isUnchosen = file?.isChosen === false && found.origin.from === 'file';
    if (isUnchosen && named.key.accepts(found.value) && isSensitive(named, found.value)) {
      if (unchosen === 'refuse') problems.push(refusal(named, file.path));
      found = { value: named.key.fallback, origin: { from: 'default' } };
    }
    const isAllowed = named.key.accepts(found.value);
    if (!isAllowed) problems.push(wrongValue(named, found));
    (values[named.section] ??= {})[named.name] = isAllowed ? found.value : named.key.fallback;
    origins[named.path] = found.origin;
  }

  const loaded: LoadedConfig = { config: values as unknown as Config, origins, file: file?.path ?? null };
  followGateway(loaded);
  followSupervisorUrl(loaded);
  problems.push(...refuseOpenLocal(loaded));
  if (isNotEmpty(problems)) throw new ConfigError(problems);
  return loaded;
}

interface Found {
  value: unknown;
  origin: Origin;
}

function lookUp(named: NamedKey, env: ConfigPlaces['env'], file: ConfigFile | null): Found {
  for (const name of named.variables) {
    const text = env[name];
    // An empty variable is one that was not set: compose files write `${NAME:-}`.
    if (text !== undefined && text !== '') {
      return { value: named.key.fromText(text), origin: { from: 'variable', name } };
    }
  }
  const section = file?.content[named.section];
  if (file !== null && isTable(section) && Object.hasOwn(section, named.name)) {
    return { value: section[named.name], origin: { from: 'file', path: file.path } };
  }
  return { value: named.key.fallback, origin: { from: 'default' } };
}

function refusal({ section, name }: NamedKey, path: string): string {
  return (
    `[${section}] ${name} in ${path} is not obeyed, because the file was not named and merely lies in the working directory: ` +
    `run with --config ${path} (or XSWARM_CONFIG=${path}) if it is yours, or move it to the data folder`
  );
}

function wrongValue(named: NamedKey, found: Found): string {
  const shown = named.key.secret ? '[hidden]' : JSON.stringify(found.value);
  return `[${named.section}] ${named.name} = ${shown} (${describeOrigin(found.origin)}) must be ${named.key.allowed}`;
}

function isNotEmpty(list: string[]): list is [string, ...string[]] {
  return list.length > 0;
}
