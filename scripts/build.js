// Compiles the sources to dist/, copies what is not code, bundles the workflows (the worker starts with the bundle), and
// builds the page.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const require = createRequire(import.meta.url);

/** A fingerprint of everything that goes into the bundle, so that an unchanged one is not made again. */
function bundleInputs() {
  const hash = createHash('sha256').update(require('@temporalio/worker/package.json').version);
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  for (const folder of ['domain', 'workflows']) {
    for (const name of readdirSync(join(dist, folder), { recursive: true }).sort()) {
      if (name.endsWith('.js')) hash.update(name).update(readFileSync(join(dist, folder, name)));
    }
  }
  return hash.digest('hex');
}

function tsc(...args) {
  execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), ...args], { cwd: root, stdio: 'inherit' });
}

if (!existsSync(join(dist, 'cli', 'main.js'))) {
  rmSync(join(root, 'node_modules', '.cache', 'tsbuild.tsbuildinfo'), { force: true });
}
tsc('-p', 'tsconfig.build.json');
// Only the client library is for other programs, so only it has declarations.
tsc(
  ...[
    'client/index.ts',
    '--declaration',
    '--emitDeclarationOnly',
    '--strict',
    '--skipLibCheck',
    '--verbatimModuleSyntax',
  ],
  ...['--rootDir', '.', '--outDir', 'dist', '--target', 'ES2023', '--module', 'NodeNext', '--types', 'node'],
  ...['--allowImportingTsExtensions', '--rewriteRelativeImportExtensions'],
);
rmSync(join(dist, 'db', 'migrations'), { recursive: true, force: true });
cpSync(join(root, 'db', 'migrations'), join(dist, 'db', 'migrations'), { recursive: true });
cpSync(join(root, 'api', 'rest', 'reference'), join(dist, 'api', 'rest', 'reference'), { recursive: true });

const bundlePath = join(dist, 'workflow-bundle.js');
const stampPath = join(dist, 'workflow-bundle.sha256');
const stamp = bundleInputs();
if (!existsSync(bundlePath) || !existsSync(stampPath) || readFileSync(stampPath, 'utf8') !== stamp) {
  const workflowsPath = join(dist, 'workflows', 'index.js');
  const payloadsPath = join(dist, 'workflows', 'payloads.js');
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    // Loaded once and frozen instead of once a workflow, which saves 40 % of a workflow's memory: no module keeps state.
    preloadModules: [workflowsPath, payloadsPath],
    payloadConverterPath: payloadsPath,
    failureConverterPath: payloadsPath,
    workflowInterceptorModules: [payloadsPath],
    logger: new DefaultLogger('WARN'),
  });
  // The SDK takes a stack trace of each promise of a workflow, ten frames deep: an eighth of a workflow task's time. Before the
  // SDK freezes what is global, and on the first line, so that the source map stays true.
  writeFileSync(bundlePath, `Error.stackTraceLimit = 3; ${code}`);
  writeFileSync(stampPath, stamp);
}

/** A fingerprint of everything that goes into the page. */
function pageInputs() {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', 'scripts/vite.config.js']) hash.update(readFileSync(join(root, file)));
  for (const folder of ['web', 'domain']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      hash.update(path.slice(root.length)).update(readFileSync(path));
    }
  }
  return hash.digest('hex');
}

const pageStampPath = join(dist, 'web.sha256');
const pageStamp = pageInputs();
if (!existsSync(join(dist, 'web')) || !existsSync(pageStampPath) || readFileSync(pageStampPath, 'utf8') !== pageStamp) {
  const { build } = await import('vite');
  await build({ configFile: join(root, 'scripts', 'vite.config.js'), logLevel: 'warn' });
  writeFileSync(pageStampPath, pageStamp);
}

// `npx xswarm` in the checkout finds the command where npm links those of dependencies: see scripts/pack-bin.js.
const bin = join(root, 'node_modules', '.bin');
if (process.platform !== 'win32' && existsSync(bin)) {
  rmSync(join(bin, 'xswarm'), { force: true });
  symlinkSync(join('..', '..', 'bin', 'xswarm.js'), join(bin, 'xswarm'));
}
