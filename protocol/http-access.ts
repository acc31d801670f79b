import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Whether two secrets are equal. The time it takes does not depend on where they differ. */
export function secretsEqual(given: string, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(wanted));
}

/** The token of an `Authorization: Bearer` header; null without the header, an empty text for any other scheme. */
export function bearerToken(header: string | undefined): string | null {
  if (header === undefined) return null;
  return /^Bearer +([^\s]+) *$/i.exec(header)?.[1] ?? '';
}

/** The page's own name, so that no other local server receives its cookie. Browsers resolve it to loopback. */
const OWN_NAME = 'xswarm.localhost';

/** Whether a name or address can only be reached from this machine. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === OWN_NAME || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/** The name in a `Host` header without its port; null when the header is not valid. */
function hostName(header: string | undefined): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:/?#@\s[\]]+)(?::\d{1,5})?$/i.exec(header ?? '');
  return match?.[1] ?? null;
}

/** Whether a `Host` header names this machine's loopback. A name that a foreign page resolved to loopback does not. */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  const name = hostName(header);
  return name !== null && isLoopbackHost(name);
}

/**
 * Whether an `Origin` header belongs to a page from elsewhere. Pages of loopback and of `host`, the host that was called,
 * are not foreign; a request without the header does not come from a browser.
 */
export function isForeignOrigin(origin: string | undefined, host?: string): boolean {
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  const url = new URL(origin);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return true;
  return !isLoopbackHost(url.hostname) && url.host !== host?.toLowerCase();
}
