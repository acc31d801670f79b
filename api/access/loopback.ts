import { isIPv4 } from 'node:net';

/** Whether a name or address can only be reached from this machine. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/** The name in a `Host` header without its port; null when it is none. */
function hostName(header: string | undefined): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:/?#@\s[\]]+)(?::\d{1,5})?$/i.exec(header ?? '');
  return match?.[1] ?? null;
}

/** Whether a `Host` header names this machine's loopback; a name that a foreign page resolved to it does not. */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  const name = hostName(header);
  return name !== null && isLoopbackHost(name);
}

/**
 * Whether an `Origin` header belongs to a page that came from elsewhere. Pages of loopback and of the very host that
 * was called are at home; no header is no browser.
 */
export function isForeignOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  const url = new URL(origin);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return true;
  return !isLoopbackHost(url.hostname) && url.host !== host?.toLowerCase();
}
