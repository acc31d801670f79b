import type { Request, Response } from 'express';
import { errors } from '../../domain/errors.ts';
import type { LoggedIn, LoginService } from '../../domain/access/login.ts';

const MAX_AGE_MS = 30 * 86_400_000;

/** Logins as the cookie of a browser carries them. */
export class CookieLogins {
  readonly service: LoginService;
  /** Whether browsers reach the server by https. */
  readonly #secure: boolean;

  constructor(service: LoginService, secure: boolean) {
    this.service = service;
    this.#secure = secure;
  }

  /** Who the cookie of a request stands for; null without one that counts. Throws `FORBIDDEN` for a write of another page. */
  identify(req: Request): LoggedIn | null {
    const known = this.read(req);
    if (known !== null && req.method !== 'GET' && req.method !== 'HEAD') this.requireOwnPage(req);
    return known;
  }

  /** The same for a call that has compared the origin itself. */
  read(req: Request): LoggedIn | null {
    const secret = cookieOf(req.headers.cookie, this.#name());
    return secret === null ? null : this.service.authenticate(secret);
  }

  /**
   * Refuses what another page could have sent. A cookie goes along with what any page of this host asks for, whatever its
   * port, so the port in `Origin` is compared too.
   */
  requireOwnPage(req: Request): void {
    const own = `${this.#secure ? 'https' : 'http'}://${req.headers.host ?? ''}`.toLowerCase();
    if (req.headers.origin !== own) throw errors.forbidden('Origin is foreign');
    if (req.headers['sec-fetch-site'] !== 'same-origin') throw errors.forbidden('Sec-Fetch-Site must be same-origin');
    if (req.headers['x-xswarm'] !== '1') throw errors.forbidden('Header X-Xswarm: 1 is missing');
  }

  set(res: Response, secret: string): void {
    res.cookie(this.#name(), secret, { ...this.#attributes(), maxAge: MAX_AGE_MS });
  }

  clear(res: Response): void {
    res.clearCookie(this.#name(), this.#attributes());
  }

  #name(): string {
    return this.#secure ? '__Host-xswarm' : 'xswarm';
  }

  #attributes(): { httpOnly: true; sameSite: 'strict'; secure: boolean; path: string } {
    return { httpOnly: true, sameSite: 'strict', secure: this.#secure, path: '/' };
  }
}

function cookieOf(header: string | undefined, name: string): string | null {
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name && value !== undefined) return value;
  }
  return null;
}
