import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '@anthropic-ai/claude-agent-sdk';
import type { Options, Query } from '@anthropic-ai/claude-agent-sdk';
import type { Agent, AgentRequest, Conversation, UsageCounters } from '../driver.ts';
import { claudeConfigDir } from './availability.ts';
import { makeClaudeProcess } from './claude-process.ts';
import type { ClaudeProcess } from './claude-process.ts';
import { continuePrompt } from './continue-prompt.ts';
import { claudeEnvironment } from './environment.ts';
import type { ClaudeFrame } from './frames.ts';
import { makePermissionAnswer } from './permissions.ts';
import { makePromptStream } from './prompt-stream.ts';
import type { SpendLedger } from './spend-ledger.ts';
import { makeTranslator } from './translator.ts';
import type { Translator } from './translator.ts';
import { readTranscript, savedCounters } from './transcript.ts';

/** What all Claude agents of a gateway share. */
export interface ClaudeSettings {
  env: NodeJS.ProcessEnv;
  /** How long Claude Code may take until it is ready (default 60 s). */
  startTimeoutMs?: number;
}

/** Starts one Claude Code process and resolves when it is ready for a message. */
export async function startClaude(
  settings: ClaudeSettings,
  request: AgentRequest,
  conversation: Conversation,
  ledger: SpendLedger,
): Promise<Agent> {
  const child = makeClaudeProcess(request.agent_id, request.spawned);
  const translator = makeTranslator(conversation, ledger.rates, request.report);
  const prompts = makePromptStream();
  const claude = query({ prompt: prompts, options: queryOptions(settings, request, conversation, child, translator) });

  let ready = false;
  const gone = follow(claude, translator).then(async (reason) => {
    await child.end(0);
    return reason || child.stderr() || 'the process ended';
  });
  const cancelled = new Promise<never>((_, reject) => {
    if (request.signal.aborted) reject(new Error('the start was given up'));
    request.signal.addEventListener('abort', () => reject(new Error('the start was given up')), { once: true });
  });
  try {
    const limit = settings.startTimeoutMs ?? 60_000;
    await Promise.race([
      claude.initializationResult(),
      gone.then((reason) => Promise.reject(new Error(reason))),
      sleep(limit, undefined, { ref: false }).then(() => Promise.reject(new Error(`not ready after ${limit} ms`))),
      cancelled,
    ]);
    ready = true;
  } catch (error) {
    prompts.end();
    await child.end(500);
    const words = [error instanceof Error ? error.message : String(error), child.stderr()];
    throw new Error(words.filter(Boolean).join(': '), { cause: error });
  }
  const left = gone.then(async (reason) => {
    if (!ready) return;
    if (translator.runsOwnTurn) translator.cut(await savedTotals(settings, translator.conversationId));
    ledger.leave(translator.conversationId, translator.unbooked);
    request.report({ type: 'exited', reason });
  });
  return makeAgent(claude, child, translator, prompts, conversation, left);
}

function makeAgent(
  claude: Query,
  child: ClaudeProcess,
  translator: Translator,
  prompts: ReturnType<typeof makePromptStream>,
  conversation: Conversation,
  left: Promise<void>,
): Agent {
  return {
    async warmUp() {
      // Asked for, it works out prompt and tools, and remembers them; nothing is sent and nothing is recorded.
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
      // A prompt of its own: the message's own id, sent again, would yield no result.
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
async function savedTotals({ env }: ClaudeSettings, conversationId: string): Promise<UsageCounters | null> {
  try {
    const transcript = await readTranscript(claudeConfigDir(env), conversationId);
    return transcript === null ? null : savedCounters(transcript);
  } catch {
    return null; // the turn is then priced by its tokens, which its remark says
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
  settings: ClaudeSettings,
  request: AgentRequest,
  conversation: Conversation,
  child: ClaudeProcess,
  translator: Translator,
): Options {
  const { model, permission_mode: mode = 'default' } = request.options;
  const identity = conversation.established ? { resume: conversation.id } : { sessionId: conversation.id };
  return {
    ...identity,
    ...(model === undefined ? {} : { model }),
    ...(mode === 'bypassPermissions' ? { allowDangerouslySkipPermissions: true } : {}),
    cwd: request.project_path,
    env: claudeEnvironment(settings.env, {
      agentId: request.agent_id,
      sessionId: request.session_id,
    }),
    permissionMode: mode,
    canUseTool: makePermissionAnswer(mode, (tool, id, summary) => translator.deny(tool, id, summary)),
    includePartialMessages: true,
    settingSources: ['user', 'project', 'local'],
    systemPrompt: { type: 'preset', preset: 'claude_code' },
    spawnClaudeCodeProcess: (options) => child.spawn(options),
  };
}
