import type { ConfigFile, ConfigPlaces } from './read-file.ts';
import { nearest } from './nearest.ts';
import { isTable } from './read-file.ts';
import type { NamedKey } from './sections.ts';

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
        const value = JSON.stringify(content[name]);
        const hint = meant(name, names) || `; known keys are ${names.join(', ')}`;
        return `Unknown key [${section}] ${name} = ${value} in ${file.path}${hint}`;
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
      return ours || hint !== '' ? [`Unknown variable ${name} = ${JSON.stringify(env[name])}${hint}`] : [];
    });
}

function meant(word: string, candidates: readonly string[], limit?: number): string {
  const guess = nearest(word, candidates, limit);
  return guess === null ? '' : `: did you mean ${guess}?`;
}
