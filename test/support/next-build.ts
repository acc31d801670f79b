import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the next release calls its change of the workflow. */
export const NEXT_PATCH = 'next-release';
export const NEXT_VERSION = '99.0.0';

/** A build of another version, beside the present one. */
export interface NextBuild {
  /** What to run with Node. */
  bin: string;
  remove(): void;
}

/**
 * Copies the present build, gives it another version and a workflow that does one thing more before each turn, behind
 * `patched`, as CONTRIBUTING asks for, and bundles that.
 */
export async function makeNextBuild(): Promise<NextBuild> {
  const folder = mkdtempSync(join(tmpdir(), 'xswarm-next-'));
  for (const name of ['bin', 'dist', 'package.json']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  change(join(folder, 'package.json'), /"version": "[^"]*"/, `"version": "${NEXT_VERSION}"`);
  const workflow = join(folder, 'dist', 'workflows', 'session', 'session.js');
  change(workflow, /await line\.runTurn\(\)/, 'await prepareTurn(); await line.runTurn()');
  const addition = `import { patched as isPatched } from '@temporalio/workflow';
    import { mirrorFar } from '../proxies.js';
    const prepareTurn = async () => { if (isPatched('${NEXT_PATCH}')) await mirrorFar.mirror([]); };\n`;
  writeFileSync(workflow, addition + readFileSync(workflow, 'utf8'));
  const payloadsPath = join(folder, 'dist', 'workflows', 'payloads.js');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(folder, 'dist', 'workflows', 'index.js'),
    payloadConverterPath: payloadsPath,
    failureConverterPath: payloadsPath,
    workflowInterceptorModules: [payloadsPath],
    logger: new DefaultLogger('ERROR'),
  });
  writeFileSync(join(folder, 'dist', 'workflow-bundle.js'), code);
  return { bin: join(folder, 'bin', 'xswarm.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function change(path: string, what: RegExp, into: string): void {
  const before = readFileSync(path, 'utf8');
  if (!what.test(before))
    throw new Error(`${path} has no ${String(what)} any more: the next release has to change elsewhere`);
  writeFileSync(path, before.replace(what, into));
}
