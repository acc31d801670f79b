import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
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
 * Whether an `Origin` header names another origin than `host`, the `Host` header of the same request. The port counts: what
 * another program serves on this machine is foreign. A request without `Origin` was not sent by a script of a page.
 */
export function isForeignOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  const url = new URL(origin);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return true;
  return url.host !== host?.toLowerCase();
}

/**
 * Why a request was not sent by a program of this machine or by our own page, in words; null for one that may have been.
 * Browsers set `Sec-Fetch-Site` themselves, also on requests without `Origin`; proxies set the `Forwarded` headers.
 */
export function whyForeign(headers: IncomingHttpHeaders): string | null {
  const forwarded = Object.keys(headers).find((name) => name === 'forwarded' || name.startsWith('x-forwarded-'));
  if (forwarded !== undefined) {
    return `Header ${forwarded} is refused without a token: behind a proxy set server.auth to "token"`;
  }
  if (isForeignOrigin(headers.origin, headers.host)) return 'Origin is foreign';
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return null;
  return 'Sec-Fetch-Site must be same-origin or none';
}
