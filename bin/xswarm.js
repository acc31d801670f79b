#!/usr/bin/env node
import { existsSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const main = new URL('../dist/cli/main.js', import.meta.url);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`xswarm needs Node.js 20.19 or newer; this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else if (!existsSync(main)) {
  process.stderr.write('xswarm is not built yet: run `npm run build` in its folder\n');
  process.exitCode = 1;
} else {
  await import(main.href);
}
