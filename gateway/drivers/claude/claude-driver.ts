import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { XswarmError } from '../../../domain/errors.ts';
import type { AgentDriver, AgentRequest, Conversation } from '../driver.ts';
import type { ApiCall } from './api-calls.ts';
import { startClaude } from './claude-agent.ts';
import { claudeConfigDir } from './environment.ts';
import { readProjectSettings } from './project-settings.ts';
import { promptIds } from './prompts.ts';
import { fingerprintOf, startFiles } from './start-files.ts';
import { inspectTurn, readTranscript, savedCounters } from './transcript.ts';
import { leftoverOf } from './usage.ts';

const MAX_STARTS = 3;

/**
 * Claude Code, run through its Agent SDK, one process for each session. `env` is the gateway's environment. Where the settings of a
 * project are not loaded, Claude Code reads them from `emptyFolder` instead.
 */
export function makeClaudeDriver(env: NodeJS.ProcessEnv, emptyFolder: string): AgentDriver {
  const configDir = claudeConfigDir(env);
  /** The API calls that the last agent of a conversation left and no result booked. */
  const unbooked = new Map<string, ApiCall[]>();

  function leave(conversationId: string, calls: ApiCall[]): void {
    if (calls.length > 0) unbooked.set(conversationId, calls);
  }

  /** The state of the conversation according to the file that Claude Code resumes from. */
  async function locate(request: AgentRequest, known: Conversation): Promise<Conversation> {
    const transcript = await readTranscript(configDir, known.id);
    unbooked.delete(known.id);
    if (transcript !== null) {
      const counters = savedCounters(transcript) ?? {};
      const found = { ...known, established: true, counters, booked_lines: transcript.lines.length };
      const leftover = leftoverOf(counters, known);
      request.report(
        leftover === null
          ? { type: 'conversation', conversation: found }
          : { type: 'ended', end: leftover, conversation: found, remark: null, began_at: null },
      );
      return found;
    }
    if (!known.established) return announce(request, { ...known, counters: {}, booked_lines: 0 });
    notice(
      request,
      'Claude Code no longer has this conversation: a new one begins, and it does not know what was said',
    );
    return announce(request, { id: randomUUID(), established: false, counters: {} });
  }

  return {
    name: 'claude',
    simulated: false,
    usesProcesses: true,
    settingsOf: (projectPath) => readProjectSettings(projectPath, configDir),
    ahead: {
      fingerprint: (projectPath) => fingerprintOf(startFiles(projectPath, configDir)),
      isNew: async ({ id }) => (await readTranscript(configDir, id)) === null,
    },
    hasConversation: async ({ id }) => (await readTranscript(configDir, id)) !== null,
    async start(request) {
      refuseBypassAsRoot(request);
      if (!request.loads_project) await makeEmpty(emptyFolder);
      let conversation = await locate(request, request.conversation);
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await startClaude({ env, emptyFolder, leave }, request, conversation);
        } catch (error) {
          const words = error instanceof Error ? error.message : String(error);
          const other = attempt < MAX_STARTS ? otherWay(conversation, words) : null;
          if (other === null || request.signal.aborted) throw unreachable(words, error);
          if (conversation.established) notice(request, `Claude Code cannot resume the conversation (${words})`);
          conversation = announce(request, other);
        }
      }
    },
    async inspect(conversation, { message_id, attempts }) {
      const transcript = await readTranscript(configDir, conversation.id);
      const seen = unbooked.get(conversation.id) ?? [];
      return inspectTurn(transcript ?? { lines: [] }, promptIds(message_id, attempts), conversation, seen);
    },
  };
}

function announce(request: AgentRequest, conversation: Conversation): Conversation {
  request.report({ type: 'conversation', conversation });
  return conversation;
}

/** Begins instead of resuming, or the reverse, when Claude Code says that this is the problem. */
function otherWay(conversation: Conversation, words: string): Conversation | null {
  if (/already in use/i.test(words)) return { ...conversation, established: true };
  if (/no conversation found/i.test(words)) return { id: randomUUID(), established: false, counters: {} };
  return null;
}

function notice(request: AgentRequest, text: string): void {
  const timestamp = new Date().toISOString();
  request.report({ type: 'progress', event: { type: 'notice', timestamp, level: 'warning', text } });
}

async function makeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length === 0) return;
  await rm(folder, { recursive: true });
  await mkdir(folder, { mode: 0o700 });
}

function refuseBypassAsRoot(request: AgentRequest): void {
  if (request.options.permission_mode !== 'bypassPermissions' || process.getuid?.() !== 0) return;
  throw new XswarmError(
    'AGENT_UNREACHABLE',
    'Claude Code refuses permission_mode "bypassPermissions" for root: run the gateway as another user, or choose another mode',
  );
}

function unreachable(words: string, cause: unknown): XswarmError {
  return new XswarmError('AGENT_UNREACHABLE', `Claude Code did not start: ${words}`, { cause });
}
