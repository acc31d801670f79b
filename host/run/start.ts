import { ClaudeCodeConnector } from '../../client/connector.ts';
import { formatUsd } from '../../domain/money/format-usd.ts';
import { serverUrl } from '../config/derive.ts';
import { loadPayloadKeys } from '../config/payload-keys.ts';
import type { Config } from '../config/sections.ts';
import { ChildRegister, waitForLeftovers } from '../processes/child-register.ts';
import { DataLock } from '../processes/data-lock.ts';
import { PortUnavailable, wantedPorts, whyNotFree } from '../processes/ports.ts';
import type { StopSignal } from '../processes/stop-signal.ts';
import { holdFirstConversation } from './first-conversation.ts';
import { startApp, startGateway, startTemporal, type LocalPart, type PartsOptions } from './local-parts.ts';
import { agentInWords, nextSteps, workflowUrl } from './next-steps.ts';
import { prepareDatabase } from './prepare-database.ts';
import { waitUntilReady } from './readiness.ts';
import type { Reporter } from './reporter.ts';
import { UiGuard } from './ui-guard.ts';

/** What `start` needs. */
export interface StartOptions {
  config: Config;
  /** Null where there is none. */
  configFile: string | null;
  dataDir: string;
  cacheDir: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  self: readonly string[];
  osUser: string;
  version: string;
  debug: boolean;
  /** Whether the first start holds a conversation. */
  talkFirst: boolean;
  reporter: Reporter;
  stop: StopSignal;
}

const LEFTOVER_PATIENCE_MS = 8_000;
const DEATHS_BEFORE_READY = 3;

/** Runs everything on one machine until it is asked to stop. Throws when it cannot be started. */
export async function start(options: StartOptions): Promise<void> {
  const { config, dataDir, reporter, stop } = options;
  const lock = DataLock.take(dataDir);
  const running: LocalPart[] = [];
  let ui: UiGuard | null = null;
  const killAll = (): void => running.forEach((part) => part.process.kill());
  stop.urged.addEventListener('abort', killAll);
  try {
    reporter.say(`xswarm ${options.version} · data in ${dataDir} · configuration: ${options.configFile ?? 'no file'}`);
    await waitForLeftovers(dataDir, LEFTOVER_PATIENCE_MS, (names) =>
      reporter.progress(`Waiting for the parts of an earlier start to end: ${names.join(', ')}`),
    );
    await refuseTakenPorts(config);
    loadPayloadKeys(config, dataDir);
    const database = prepareDatabase(dataDir, config, options.osUser);
    if (database.added !== null) reporter.say(`Added the user ${database.added}, an admin`);
    if (config.temporal.address === '') ui = await UiGuard.listen(config.temporal.ui_port);
    await bringUp(options, running, ui);
    const sessionId = options.talkFirst && database.isFirst ? await talk(options, database.userId) : null;
    const { cwd: project, env, self } = options;
    reporter.say(nextSteps({ config, env, self, dataDir, userId: database.userId, project, sessionId }).join('\n'));
    reporter.say('Ctrl-C stops everything. Sessions continue at the next start.');
    await aborted(stop.asked);
  } catch (error) {
    if (!stop.asked.aborted) throw error;
  } finally {
    if (running.length > 0) reporter.progress('Stopping');
    // The app first, so that it does not report a gateway that stops; Temporal last, because the others write to it.
    for (const part of running.reverse()) {
      await part.process.stop();
      part.log.close();
    }
    await ui?.close();
    stop.urged.removeEventListener('abort', killAll);
    lock.release();
    if (running.length > 0) reporter.say('Stopped');
  }
}

async function bringUp(options: StartOptions, running: LocalPart[], ui: UiGuard | null): Promise<void> {
  const { config, reporter, stop } = options;
  const parts: PartsOptions = { ...options, register: new ChildRegister(options.dataDir) };
  const startedAt = performance.now();
  reporter.progress('Starting Temporal, the gateway and the app');
  if (ui !== null) running.push(await startTemporal(parts, ui.target));
  stop.asked.throwIfAborted();
  const gateway = startGateway(parts);
  if (gateway !== null) running.push(gateway);
  running.push(startApp(parts));

  await waitUntilReady({
    url: serverUrl(config),
    signal: stop.asked,
    onReason: (reason) => reporter.progress(`Not ready yet: ${reason}`),
    check: () => running.forEach(refuseDying),
  });
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  reporter.event({ type: 'ready', url: serverUrl(config), seconds });
  reporter.say(`Ready after ${seconds} s: REST at ${serverUrl(config)}`);
  for (const line of await agentInWords(config, options.dataDir)) reporter.say(line);
}

async function talk(options: StartOptions, userId: string): Promise<string | null> {
  const { config, reporter, stop } = options;
  const connector = new ClaudeCodeConnector({ url: serverUrl(config), token: options.env.XSWARM_TOKEN });
  try {
    const answer = await holdFirstConversation({
      connector,
      userId,
      project: options.cwd,
      reporter,
      signal: stop.asked,
    });
    const { session, costUsd, outcome } = answer;
    reporter.say(`Cost: ${formatUsd(costUsd)}${session.simulated ? ' (simulated)' : ''}`);
    reporter.event({
      type: 'first_conversation',
      session_id: session.id,
      outcome,
      cost_usd: costUsd,
      simulated: session.simulated,
      workflow_url: workflowUrl(config, session.id),
    });
    return session.id;
  } catch (error) {
    stop.asked.throwIfAborted();
    // Everything runs; an agent that cannot reply is no reason to stop it.
    reporter.warn(`The first conversation failed: ${(error as Error).message}`);
    return null;
  }
}

function refuseDying({ process, log }: LocalPart): void {
  if (process.deaths < DEATHS_BEFORE_READY) return;
  const reason = log.lastWords === '' ? '' : `: ${log.lastWords}`;
  throw new Error(`The ${process.name} does not start${reason} (its log is ${log.path})`);
}

async function refuseTakenPorts(config: Config): Promise<void> {
  const problems = await Promise.all(wantedPorts(config).map(async (wanted) => await whyNotFree(wanted)));
  const [first, ...more] = problems.filter((problem) => problem !== null);
  if (first !== undefined) throw new PortUnavailable([first, ...more].join('; '));
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
