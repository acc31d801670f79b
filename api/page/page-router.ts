import { Router } from 'express';
import type { RequestHandler, Response } from 'express';
import type { Logger } from '../../domain/logger.ts';
import type { PageFile } from './page-files.ts';

/** The addresses that the page itself routes; each is answered with the page. */
export const PAGE_ROUTES = [
  '/',
  '/sessions/:id',
  '/inbox',
  '/costs',
  '/new',
  '/search',
  '/settings',
  '/system',
] as const;

const PAGE_PATHS = PAGE_ROUTES.map((route) => new RegExp(`^${route.replace(':id', '[^/]+')}$`));

/** Whether a path is an address of the page. */
export function isPageRoute(path: string): boolean {
  return PAGE_PATHS.some((pattern) => pattern.test(path));
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types xswarm',
  'report-uri /csp-report',
].join('; ');

/** The page and its files, under a policy of their own. */
export function pageRouter(files: ReadonlyMap<string, PageFile>, logger: Logger): Router {
  const router = Router();
  const index = files.get('/index.html');
  for (const path of PAGE_ROUTES) {
    router.get(path, (req, res, next) => {
      if (index === undefined) return next();
      send(res, index, req.headers['accept-encoding']);
    });
  }
  router.post('/csp-report', reported(logger));
  router.use((req, res, next) => {
    const file = req.method === 'GET' || req.method === 'HEAD' ? files.get(req.path) : undefined;
    if (file === undefined || req.path === '/index.html') return next();
    send(res, file, req.headers['accept-encoding']);
  });
  return router;
}

function send(res: Response, file: PageFile, accepted: string | undefined): void {
  const zipped = file.gzip.length < file.body.length && /\bgzip\b/.test(accepted ?? '');
  res.set({
    'Content-Type': file.type,
    'Content-Security-Policy': POLICY,
    'Cache-Control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    Vary: 'Accept-Encoding',
    ...(zipped && { 'Content-Encoding': 'gzip' }),
  });
  res.send(zipped ? file.gzip : file.body);
}

const MAX_REPORT = 8_192;

/** A browser reports what the policy stopped; the first words of it are logged. */
function reported(logger: Logger): RequestHandler {
  return (req, res) => {
    let text = '';
    req.setEncoding('utf8');
    req.on('data', (chunk: string) => {
      if (text.length < MAX_REPORT) text += chunk.slice(0, MAX_REPORT);
    });
    req.on('end', () => {
      logger.warn({ report: text }, "The page's policy stopped something");
      res.status(204).end();
    });
  };
}
