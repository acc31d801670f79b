import { livingChildren } from '../processes/leftovers.ts';
import { checkAgent, checkGateway } from './check-agent.ts';
import { checkDatabase, checkDisk } from './check-data.ts';
import { checkNode } from './check-node.ts';
import { checkPorts } from './check-ports.ts';
import { checkServer } from './check-server.ts';
import { checkTemporal } from './check-temporal.ts';
import type { DiagnoseOptions } from './diagnose-options.ts';
import type { Finding } from './finding.ts';

/** Checks everything that a start needs; changes nothing. */
export async function* diagnose(options: DiagnoseOptions): AsyncGenerator<Finding, void, undefined> {
  const living = await livingChildren(options.dataDir);
  const isRunning = living.length > 0;
  yield checkNode(process.versions.node);
  yield await checkDisk(options.dataDir);
  yield checkDatabase(options.dataDir);
  yield await checkTemporal(options, isRunning);
  yield* await checkPorts(options.config, living);
  yield await checkServer(options.config, isRunning);
  yield await checkGateway(options, isRunning);
  yield checkAgent(options);
}
