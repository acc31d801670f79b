import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

const workflowsPath = fileURLToPath(new URL('../../../workflows/index.ts', import.meta.url));
const payloadsPath = fileURLToPath(new URL('../../../workflows/payloads.ts', import.meta.url));

/** The workflows bundled from the sources as the build does it, once a process. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflowCode({
    workflowsPath,
    preloadModules: [workflowsPath, payloadsPath],
    payloadConverterPath: payloadsPath,
    failureConverterPath: payloadsPath,
    workflowInterceptorModules: [payloadsPath],
    logger: new DefaultLogger('ERROR'),
  });
  return bundle;
}
