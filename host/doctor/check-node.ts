import type { Finding } from './finding.ts';

/** Checks the version of Node.js. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > 20 || (major === 20 && minor >= 19);
  if (isEnough) return { check: 'Node.js', state: 'ok', text: version };
  return { check: 'Node.js', state: 'fail', text: `${version} is too old`, todo: 'Install Node.js 20.19 or newer' };
}
