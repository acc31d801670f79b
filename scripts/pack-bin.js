// Puts `bin` into package.json while npm packs it (`prepack` adds it, `postpack` removes it). The checkout's own manifest has
// none: with it, `npx xswarm` in the checkout would first install the checkout into npm's cache, which takes seconds and stays
// broken once it has failed. There, scripts/build.js links the command instead.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../package.json', import.meta.url));
const { bin: _, ...manifest } = JSON.parse(readFileSync(path, 'utf8'));
if (process.argv[2] === 'add') manifest.bin = { xswarm: 'bin/xswarm.js' };
writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
