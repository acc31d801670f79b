import { accessSync, constants, existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { isClaudeConfigured } from '../../gateway/drivers/claude/environment.ts';
import { GatewayControlClient, type AgentStatus } from '../../protocol/gateway-control.ts';
import { TEMPORAL_CLI_VERSION } from '../../temporal/server/find-binary.ts';
import { dataFiles } from '../config/data-folder.ts';
import { runsOwnGateway, serverUrl } from '../config/derive.ts';
import { readPayloadKeys } from '../config/payload-keys.ts';
import { loadGatewayToken } from '../config/secrets.ts';
import type { Config } from '../config/sections.ts';
import { livingChildren } from '../processes/child-register.ts';
import { wantedPorts, whyNotFree } from '../processes/ports.ts';
import { readServerFile } from '../../client/server-file.ts';
import { whyNotReady } from '../run/readiness.ts';

/** What a check of `doctor` found. */
export interface Finding {
  check: string;
  state: 'ok' | 'warn' | 'fail';
  text: string;
  /** What to do about it. */
  todo?: string;
}

/** What the checks use. */
export interface DiagnoseOptions {
  config: Config;
  dataDir: string;
  cacheDir: string;
  env: NodeJS.ProcessEnv;
}

/** Checks everything that a start needs. Changes nothing. */
export async function* diagnose(options: DiagnoseOptions): AsyncGenerator<Finding, void, undefined> {
  const living = await livingChildren(options.dataDir);
  const server = readServerFile(options.dataDir);
  const url = server?.url ?? serverUrl(options.config);
  const isServing = server !== null && (await whyNotReady(url)) === null;
  const isRunning = living.length > 0 || isServing;
  yield checkNode(process.versions.node);
  yield await checkDisk(options.dataDir);
  yield checkDatabase(options.dataDir);
  yield checkPayloadKeys(options);
  yield await checkTemporal(options, isRunning);
  yield* await checkPorts(options.config, isServing && living.length === 0 ? ['serve'] : living);
  yield await checkServer(url, isRunning);
  yield await checkGateway(options, isRunning);
  yield checkAgent(options);
}

/** Checks the version of Node.js. */
function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > 20 || (major === 20 && minor >= 19);
  if (isEnough) return { check: 'Node.js', state: 'ok', text: version };
  return { check: 'Node.js', state: 'fail', text: `${version} is too old`, todo: 'Install Node.js 20.19 or newer' };
}

const MEBIBYTE = 1024 * 1024;

/** Checks that the data folder is writable and has free space. */
async function checkDisk(dataDir: string): Promise<Finding> {
  const check = 'Data folder';
  let folder = dataDir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    const todo = 'Make the folder writable for this user, or set XSWARM_HOME to another folder';
    return { check, state: 'fail', text: `${dataDir} is not writable`, todo };
  }
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / MEBIBYTE);
  const text = `${dataDir}, ${free >= 10_240 ? `${Math.floor(free / 1024)} GiB` : `${free} MiB`} free`;
  const todo = 'Free some space on the disk, or set XSWARM_HOME to a folder on another disk';
  if (free < 200) return { check, state: 'fail', text, todo };
  return free < 1_024 ? { check, state: 'warn', text, todo } : { check, state: 'ok', text };
}

/** Checks that the database opens and is intact. The first start creates it. */
function checkDatabase(dataDir: string): Finding {
  const check = 'Database';
  const path = dataFiles.database(dataDir);
  if (!existsSync(path)) return { check, state: 'ok', text: 'does not exist yet; the first start creates it' };
  try {
    const db = new BetterSqlite3(path, { readonly: true, timeout: 5_000 });
    try {
      const result = db.pragma('quick_check(1)', { simple: true });
      if (result !== 'ok') throw new Error(String(result));
      const sessions = db.prepare('SELECT count(*) FROM claude_code_sessions').pluck().get();
      return { check, state: 'ok', text: `${path}, ${String(sessions)} sessions` };
    } finally {
      db.close();
    }
  } catch (error) {
    const text = `${path} is damaged: ${(error as Error).message}`;
    return { check, state: 'fail', text, todo: 'Restore a backup with `xswarm restore`, or move the file away' };
  }
}

/** Checks that every key that sessions were encrypted with is there. */
function checkPayloadKeys({ config, dataDir }: DiagnoseOptions): Finding {
  const check = 'Payload keys';
  try {
    const ring = readPayloadKeys(config, dataDir);
    if (ring === null) return { check, state: 'ok', text: 'do not exist yet; the first start creates one' };
    return { check, state: 'ok', text: `${ring.ids.join(', ')}; sessions cannot be read without them: back them up` };
  } catch (error) {
    const todo = 'Put the key ring back from a backup; docs/security.md describes it';
    return { check, state: 'fail', text: (error as Error).message, todo };
  }
}

/** Checks Temporal: the configured server, the running embedded one, or the program that starts it. */
async function checkTemporal({ config, cacheDir, env }: DiagnoseOptions, isRunning: boolean): Promise<Finding> {
  const check = 'Temporal';
  const { address, port } = config.temporal;
  if (address !== '') {
    const colon = address.lastIndexOf(':');
    const [host, name] = colon === -1 ? [address, '7233'] : [address.slice(0, colon), address.slice(colon + 1)];
    if (await canConnect(host, Number(name))) return { check, state: 'ok', text: `${address} accepts connections` };
    const todo = 'Start that server, correct [temporal] address, or leave it empty to use the embedded server';
    return { check, state: 'fail', text: `${address} cannot be reached`, todo };
  }
  if (isRunning && (await canConnect('127.0.0.1', port))) {
    return { check, state: 'ok', text: `the embedded server runs on port ${port}` };
  }
  const found = candidates(env, cacheDir).find((path) => existsSync(path));
  if (found !== undefined) return { check, state: 'ok', text: `embedded: ${found}` };
  const goIsThere = inPath(env, 'go').some((path) => existsSync(path));
  return {
    check,
    state: 'warn',
    text: 'no Temporal server on this machine yet',
    todo: `The first start downloads it${goIsThere ? ', or builds it with Go (about 4 minutes)' : '. Without a network, put `temporal` on the PATH'}`,
  };
}

function candidates(env: NodeJS.ProcessEnv, cacheDir: string): string[] {
  const name = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
  return [...inPath(env, name), join(cacheDir, 'temporal', TEMPORAL_CLI_VERSION, name)];
}

function inPath(env: NodeJS.ProcessEnv, name: string): string[] {
  return (env.PATH ?? '').split(delimiter).flatMap((folder) => (folder === '' ? [] : [join(folder, name)]));
}

/** Whether an address accepts a connection within two seconds. */
async function canConnect(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
    socket.once('timeout', () => finish(false));
  });
}

/** Checks that the ports are free, or used by our own parts. */
async function checkPorts(config: Config, living: string[]): Promise<Finding[]> {
  const check = 'Ports';
  const wanted = wantedPorts(config);
  const list = wanted.map(({ port }) => port).join(', ');
  if (living.length > 0) return [{ check, state: 'ok', text: `${list}: in use by xswarm (${living.join(', ')})` }];
  const problems = (await Promise.all(wanted.map(whyNotFree))).filter((problem) => problem !== null);
  if (problems.length === 0) return [{ check, state: 'ok', text: `${list} are free` }];
  return problems.map((problem) => {
    const colon = problem.indexOf(': ');
    return { check, state: 'fail' as const, text: problem.slice(0, colon), todo: problem.slice(colon + 2) };
  });
}

/** Checks that a running server is ready. */
async function checkServer(url: string, isRunning: boolean): Promise<Finding> {
  const check = 'Server';
  const problem = await whyNotReady(url);
  if (problem === null) return { check, state: 'ok', text: `${url} is ready` };
  if (!isRunning) return { check, state: 'ok', text: 'is not running; `xswarm start` starts it' };
  return {
    check,
    state: 'fail',
    text: `${url} is not ready: ${problem}`,
    todo: 'Read the logs in the data folder',
  };
}

/** Checks that the agent server responds, where one should be running. */
async function checkGateway({ config, dataDir }: DiagnoseOptions, isRunning: boolean): Promise<Finding> {
  const check = 'Gateway';
  const url = config.claude_code.websocket_url;
  const isOwn = runsOwnGateway(config);
  if (isOwn && !isRunning) return { check, state: 'ok', text: `starts with xswarm at ${url}` };
  try {
    const token = loadGatewayToken(config, dataDir, isOwn);
    const health = await new GatewayControlClient({ url, token }).ping();
    const kind = health.exactly_once
      ? agentsInWords(await new GatewayControlClient({ url, token }).agents())
      : 'a plain server (delivery at least once)';
    return { check, state: 'ok', text: `${url} responds, ${kind}` };
  } catch {
    const todo = isOwn
      ? 'Read gateway.log in the logs of the data folder'
      : 'Start that server, or correct CLAUDE_CODE_WEBSOCKET_URL ([claude_code] websocket_url)';
    return { check, state: 'fail', text: `${url} cannot be reached`, todo };
  }
}

/** Says which agents run and how much memory each uses. */
export function agentsInWords(agents: AgentStatus[]): string {
  if (agents.length === 0) return 'no agent is running';
  const list = agents.map(({ session_id, pid, rss_bytes, state }) => {
    const facts = [state, pid === null ? '' : `pid ${pid}`, rss_bytes === null ? '' : mebibytes(rss_bytes)];
    return `${session_id ?? 'started in advance'} (${facts.filter(Boolean).join(', ')})`;
  });
  // A simulated agent has no process.
  const bytes = agents.reduce((sum, { rss_bytes }) => sum + (rss_bytes ?? 0), 0);
  const memory = bytes === 0 ? '' : ` with ${mebibytes(bytes)}`;
  return `${agents.length === 1 ? '1 agent is running' : `${agents.length} agents are running`}${memory}: ${list.join('; ')}`;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** Checks which agent is going to reply. */
function checkAgent({ config, env }: DiagnoseOptions): Finding {
  const check = 'Agent';
  if (!runsOwnGateway(config)) return { check, state: 'ok', text: 'chosen by the agent server' };
  const { agent } = config.gateway;
  const hasKey = isClaudeConfigured(env);
  const todo = 'Set ANTHROPIC_API_KEY, or log in with `claude`';
  if (agent === 'simulator') {
    return { check, state: 'warn', text: 'the simulator; answers are simulated', todo: 'Set [gateway] agent to auto' };
  }
  if (hasKey) return { check, state: 'ok', text: 'Claude Code, with a key or login' };
  if (agent === 'claude') return { check, state: 'fail', text: 'Claude Code without a key or login', todo };
  return { check, state: 'warn', text: 'no key or login for Claude; answers will be simulated', todo };
}
