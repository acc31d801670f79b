import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '@anthropic-ai/claude-agent-sdk';
import type { Options, Query } from '@anthropic-ai/claude-agent-sdk';
import type { PermissionMode } from '../../../domain/session/session.ts';
import type { Agent, AgentRequest, Conversation, UsageCounters } from '../driver.ts';
import type { ApiCall } from './api-calls.ts';
import { ClaudeProcess } from './claude-process.ts';
import { claudeConfigDir, claudeEnvironment } from './environment.ts';
import type { ClaudeFrame } from './frames.ts';
import { effectiveMode } from '../../../domain/control/policy.ts';
import { Gate } from './gate/gate.ts';
import { makePermissionAnswer } from './permissions.ts';
import { continuePrompt, PromptStream } from './prompts.ts';
import { readTranscript, savedCounters } from './transcript.ts';
import { Translator } from './translator.ts';

const START_LIMIT_MS = 60_000;
/** How long a call that cannot be deferred waits for a person. */
const LIVE_LIMIT_MS = 10 * 60_000;

/** What all Claude Code processes of a gateway share. */
export interface ClaudeDeps {
  /** The gateway's environment. */
  env: NodeJS.ProcessEnv;
  /** Where Claude Code looks for a project's settings when those of the project are not loaded. */
  emptyFolder: string;
  /** Receives the API calls that no result has booked when a process is gone. */
  leave: (conversationId: string, unbooked: ApiCall[]) => void;
}

/** Starts one Claude Code process and resolves when it is ready for a message. */
export async function startClaude(
  { env, emptyFolder, leave }: ClaudeDeps,
  request: AgentRequest,
  conversation: Conversation,
): Promise<Agent> {
  const child = new ClaudeProcess(request.agent_id, request.spawned);
  const translator = new Translator(conversation, request.report, request.resumes?.message_id);
  const prompts = new PromptStream();
  const options: Options = {
    ...queryOptions(env, request, conversation, child, translator),
    // CLAUDE.md is read from the project all the same.
    ...(request.loads_project ? {} : { projectConfigRoot: emptyFolder }),
  };
  const claude = query({ prompt: prompts, options });

  let ready = false;
  const gone = follow(claude, translator).then(async (reason) => {
    await child.end(0);
    return reason || child.stderr || 'the process ended';
  });
  const cancelled = new Promise<never>((_, reject) => {
    if (request.signal.aborted) reject(new Error('the start was given up'));
    request.signal.addEventListener('abort', () => reject(new Error('the start was given up')), { once: true });
  });
  try {
    await Promise.race([
      claude.initializationResult(),
      gone.then((reason) => Promise.reject(new Error(reason))),
      sleep(START_LIMIT_MS, undefined, { ref: false }).then(() =>
        Promise.reject(new Error(`not ready after ${START_LIMIT_MS} ms`)),
      ),
      cancelled,
    ]);
    ready = true;
  } catch (error) {
    prompts.end();
    await child.end(500);
    const words = [error instanceof Error ? error.message : String(error), child.stderr];
    throw new Error(words.filter(Boolean).join(': '), { cause: error });
  }
  const left = gone.then(async (reason) => {
    if (!ready) return;
    if (translator.runsOwnTurn) translator.cut(await savedTotals(env, translator.conversationId));
    leave(translator.conversationId, translator.unbooked);
    request.report({ type: 'exited', reason });
  });
  return makeAgent(claude, child, translator, prompts, conversation, left);
}

function makeAgent(
  claude: Query,
  child: ClaudeProcess,
  translator: Translator,
  prompts: PromptStream,
  conversation: Conversation,
  left: Promise<void>,
): Agent {
  return {
    async warmUp() {
      // This makes Claude Code build its prompt and tools. Nothing is sent and nothing is recorded.
      await claude.getContextUsage({ detail: 'summary' });
    },
    get pid() {
      return child.pid;
    },
    get busy() {
      return translator.busy;
    },
    send(message) {
      translator.expect(message.message_id, message.message_id);
      prompts.push(message);
    },
    goOn(message, cut) {
      // A new prompt id: the message's own id, sent again, would yield no result.
      const prompt = continuePrompt(message, { ...cut, recorded: cut.recorded && conversation.established });
      translator.expect(message.message_id, prompt.message_id);
      prompts.push(prompt);
    },
    async interrupt() {
      await claude.interrupt();
    },
    async stop(graceMs) {
      prompts.end();
      await child.end(graceMs);
      await left;
    },
  };
}

/** What Claude Code saved when it ended; null when it saved nothing, or nothing that can be read. */
async function savedTotals(env: NodeJS.ProcessEnv, conversationId: string): Promise<UsageCounters | null> {
  try {
    const transcript = await readTranscript(claudeConfigDir(env), conversationId);
    return transcript === null ? null : savedCounters(transcript);
  } catch {
    return null; // the turn is then priced by its tokens, and its remark says so
  }
}

/** Reads frames until there are no more; resolves with what ended them. */
async function follow(claude: Query, translator: Translator): Promise<string> {
  try {
    for await (const frame of claude) translator.take(frame as unknown as ClaudeFrame);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function queryOptions(
  env: NodeJS.ProcessEnv,
  request: AgentRequest,
  conversation: Conversation,
  child: ClaudeProcess,
  translator: Translator,
): Options {
  const { model, permission_mode: wanted = 'default', ceiling } = request.options;
  const mode = ceiling === undefined ? wanted : (effectiveMode(wanted, ceiling) ?? ceiling);
  const identity = conversation.established ? { resume: conversation.id } : { sessionId: conversation.id };
  return {
    ...identity,
    ...(model === undefined ? {} : { model }),
    ...(mode === 'bypassPermissions' ? { allowDangerouslySkipPermissions: true } : {}),
    cwd: request.project_path,
    env: claudeEnvironment(env, { agentId: request.agent_id, sessionId: request.session_id }),
    // A session with a title does not ask the model for one.
    title: basename(request.project_path) || 'xswarm',
    permissionMode: mode,
    includePartialMessages: true,
    settingSources: ['user', 'project', 'local'],
    systemPrompt: { type: 'preset', preset: 'claude_code' },
    ...permissionsOf(request, mode, translator),
    spawnClaudeCodeProcess: (options) => child.spawn(options),
  };
}

/** Asks people where the session may, and denies what needs one otherwise. */
function permissionsOf(request: AgentRequest, mode: PermissionMode, translator: Translator): Partial<Options> {
  const { ceiling, session_rules: sessionRules = [], live_limit_ms: liveLimitMs = LIVE_LIMIT_MS } = request.options;
  if (request.gate === undefined || ceiling === undefined) {
    return { canUseTool: makePermissionAnswer(mode, (tool, id, summary) => translator.deny(tool, id, summary)) };
  }
  const none = { allow: [], deny: [], ask: [] };
  const settings = {
    projectPath: request.project_path,
    mode,
    ceiling,
    rules: none,
    projectRules: none,
    trusted: request.loads_project,
  };
  return new Gate({ ...settings, sessionRules, liveLimitMs }, request.gate).options;
}
