import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Router } from 'express';
import helmet from 'helmet';
import { openApiDocument } from './http/openapi.ts';
import { ROUTES } from './routes.ts';

const require = createRequire(import.meta.url);
const own = (name: string): string => fileURLToPath(new URL(`./reference/${name}`, import.meta.url));

/** The files of the page, by name: Swagger UI's and ours. */
const FILES = new Map(
  [
    own('reference.css'),
    own('reference.js'),
    require.resolve('swagger-ui-dist/swagger-ui.css'),
    require.resolve('swagger-ui-dist/swagger-ui-bundle.js'),
  ].map((path) => [basename(path), path]),
);

const pagePolicy = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    // Swagger UI has its icons in its style sheet.
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/** `/openapi.json`, and `/docs`: a page to read and try it, from files of this installation only. */
export function docsRouter({ version }: { version: string }): Router {
  const router = Router();
  const document = openApiDocument(ROUTES, version);
  const zipped = new Map<string, Buffer>();
  router.get('/openapi.json', (_req, res) => void res.json(document));
  router.get('/docs', pagePolicy, (_req, res) => void res.type('html').send(readFileSync(own('index.html'))));
  router.get('/docs/:file', pagePolicy, (req, res, next) => {
    const path = FILES.get(req.params.file);
    if (path === undefined) return next();
    res.type(extname(path)).set({ 'Cache-Control': 'no-cache', Vary: 'Accept-Encoding' });
    if (!/\bgzip\b/.test(req.headers['accept-encoding'] ?? '')) return void res.send(readFileSync(path));
    // Made with the first request: 1.7 MB that most processes never send.
    const body = zipped.get(path) ?? gzipSync(readFileSync(path));
    zipped.set(path, body);
    res.set('Content-Encoding', 'gzip').send(body);
  });
  return router;
}
