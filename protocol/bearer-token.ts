import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Whether a request carries the token, found out in a time that does not depend on how much of it is right. */
export function makeTokenCheck(token: string): (request: IncomingMessage) => boolean {
  const wanted = digest(token);
  return (request) => {
    const match = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '');
    return timingSafeEqual(digest(match?.[1] ?? ''), wanted) && match !== null;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Whether a request may come from a web page: only one that this machine served itself may. */
export function hasForeignOrigin(request: IncomingMessage): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return false;
  try {
    const { hostname } = new URL(origin);
    return !(hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname));
  } catch {
    return true;
  }
}
