import { randomUUID } from 'node:crypto';
import { XswarmError } from '../../../domain/errors.ts';
import type { AgentDriver, AgentRequest, Conversation } from '../driver.ts';
import { claudeConfigDir } from './availability.ts';
import { promptIds } from './continue-prompt.ts';
import { startClaude } from './claude-agent.ts';
import type { ClaudeSettings } from './claude-agent.ts';
import { fingerprintOf, startFiles } from './start-files.ts';
import { leftoverOf } from './leftover.ts';
import { makeSpendLedger } from './spend-ledger.ts';
import { inspectTurn, readTranscript, savedCounters } from './transcript.ts';

const MAX_STARTS = 3;

/** Claude Code by its Agent SDK, one process a session. */
export function makeClaudeDriver(settings: ClaudeSettings): AgentDriver {
  const configDir = claudeConfigDir(settings.env);
  const ledger = makeSpendLedger();

  /** Where the conversation really stands, by the file that Claude Code resumes from. */
  async function locate(request: AgentRequest, known: Conversation): Promise<Conversation> {
    const transcript = await readTranscript(configDir, known.id);
    ledger.rates.learnTotals(known.counters);
    ledger.clear(known.id);
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
    ahead: {
      fingerprint: (projectPath) => fingerprintOf(startFiles(projectPath, configDir)),
      isNew: async ({ id }) => (await readTranscript(configDir, id)) === null,
    },
    async start(request) {
      refuseBypassAsRoot(request);
      let conversation = await locate(request, request.conversation);
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await startClaude(settings, request, conversation, ledger);
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
      ledger.rates.learnTotals(conversation.counters);
      const known = { seen: ledger.left(conversation.id), rates: ledger.rates };
      return inspectTurn(transcript ?? { lines: [] }, promptIds(message_id, attempts), conversation, known);
    },
  };
}

function announce(request: AgentRequest, conversation: Conversation): Conversation {
  request.report({ type: 'conversation', conversation });
  return conversation;
}

/** Begin instead of resume or the other way round, when Claude Code says that this is what is wrong. */
function otherWay(conversation: Conversation, words: string): Conversation | null {
  if (/already in use/i.test(words)) return { ...conversation, established: true };
  if (/no conversation found/i.test(words)) return { id: randomUUID(), established: false, counters: {} };
  return null;
}

function notice(request: AgentRequest, text: string): void {
  const timestamp = new Date().toISOString();
  request.report({ type: 'progress', event: { type: 'notice', timestamp, level: 'warning', text } });
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
