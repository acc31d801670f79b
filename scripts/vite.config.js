// How the page is built, and served while it is developed: `npm run dev:web` beside a running server (XSWARM_URL).
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';

const target = process.env.XSWARM_URL ?? 'http://127.0.0.1:8787';

/** The server accepts writes of its own page alone, so what the development server passes on carries the server's origin. */
const proxied = {
  target,
  changeOrigin: true,
  configure: (proxy) => proxy.on('proxyReq', (call) => call.setHeader('origin', new URL(target).origin)),
};

// The one default export beside drizzle's: Vite reads it.
export default {
  root: fileURLToPath(new URL('../web', import.meta.url)),
  plugins: [react()],
  css: { modules: { generateScopedName: '[local]_[hash:base64:4]' } },
  build: {
    outDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    // Data URLs are refused by the page's policy, and a polyfill for preloading would be an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: Object.fromEntries(['/api', '/auth', '/ready', '/version'].map((path) => [path, proxied])) },
};
