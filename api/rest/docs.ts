import { Router } from 'express';
import helmet from 'helmet';
import { DOCS_CSS, DOCS_HTML, DOCS_JS } from './docs-page.ts';
import { openApiDocument } from './http/openapi.ts';
import { ROUTES } from './routes.ts';

const pagePolicy = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/** The OpenAPI document and a page to try it, which needs nothing from elsewhere. */
export function docsRouter({ version }: { version: string }): Router {
  const router = Router();
  const document = openApiDocument(ROUTES, version);
  router.get('/openapi.json', (_req, res) => void res.json(document));
  router.get('/docs', pagePolicy, (_req, res) => void res.type('html').send(DOCS_HTML));
  router.get('/docs/page.css', (_req, res) => void res.type('css').send(DOCS_CSS));
  router.get('/docs/page.js', (_req, res) => void res.type('js').send(DOCS_JS));
  return router;
}
