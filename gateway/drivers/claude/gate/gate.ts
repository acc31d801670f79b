import type {
  CanUseTool,
  HookCallback,
  HookCallbackMatcher,
  HookInput,
  HookJSONOutput,
  Options,
  PermissionResult,
} from '@anthropic-ai/claude-agent-sdk';
import { isSameJson } from '../../../../domain/control/interaction.ts';
import { decide } from '../../../../domain/control/policy.ts';
import type { RuleSet } from '../../../../domain/control/policy.ts';
import { parseRule } from '../../../../domain/control/rules.ts';
import type { Rule, ToolCall } from '../../../../domain/control/rules.ts';
import type { PermissionMode } from '../../../../domain/session/session.ts';
import { askOf } from './ask-of.ts';
import { placeCall } from './call-place.ts';
import type { CallDecision, GatePort } from './gate-port.ts';

/** Seconds that Claude Code waits for the hook: it writes to the journal, and nothing else takes long. */
const HOOK_TIMEOUT_S = 60;
const NOT_ANSWERED = 'Nobody answered in time. Continue without this call, or end your turn and say what you need.';

export interface GateSettings {
  projectPath: string;
  mode: PermissionMode;
  ceiling: PermissionMode;
  rules: RuleSet;
  projectRules: RuleSet;
  trusted: boolean;
  /** What people allowed for the session, in Claude Code's syntax. */
  sessionRules: string[];
  /** How long a live call waits for a person before it is made durable. */
  liveLimitMs: number;
}

type PreToolUse = Extract<HookInput, { hook_event_name: 'PreToolUse' }>;
type Input = Record<string, unknown>;

/**
 * Decides about the tool calls of one agent process. What needs a person is written down first; then the call is deferred and the
 * process ends, or it waits live where Claude Code cannot defer it. A decision is used once.
 */
export class Gate {
  readonly #settings: GateSettings;
  readonly #port: GatePort;
  readonly #sessionRules: Rule[];
  #deferred: string | null = null;

  constructor(settings: GateSettings, port: GatePort) {
    this.#settings = settings;
    this.#port = port;
    this.#sessionRules = settings.sessionRules.map(parseRule).filter((rule) => rule !== null);
  }

  /** What Claude Code has to be started with, every time: without `await-initialize` it goes on before it knows the hooks. */
  get options(): Pick<Options, 'hooks' | 'canUseTool' | 'extraArgs' | 'allowedTools'> {
    const first = (hook: HookCallback): HookCallbackMatcher[] => [
      { hooks: [hook], timeout: HOOK_TIMEOUT_S, onFailure: 'block' },
    ];
    const after: HookCallback = async (input) => this.#after(input);
    return {
      hooks: {
        PreToolUse: first(async (input) => await this.#before(input as PreToolUse)),
        PostToolUse: [{ hooks: [after] }],
        PostToolUseFailure: [{ hooks: [after] }],
      },
      canUseTool: async (...asked) => await this.#live(...asked),
      allowedTools: this.#settings.sessionRules,
      extraArgs: { 'await-initialize': null },
    };
  }

  /** The call that this process was put off with; the process is of no more use then. */
  get deferred(): string | null {
    return this.#deferred;
  }

  async #before(hook: PreToolUse): Promise<HookJSONOutput> {
    try {
      return answerHook(await this.#judge(hook));
    } catch (error) {
      const reason = `The permission could not be looked up: ${error instanceof Error ? error.message : String(error)}`;
      return answerHook({ permissionDecision: 'deny', permissionDecisionReason: reason });
    }
  }

  async #judge(hook: PreToolUse): Promise<HookDecision> {
    const { tool_name: tool, tool_use_id: id, agent_id: agentId = null } = hook;
    const input = hook.tool_input as Input;
    const decision = this.#decisionFor(id, tool, input);
    if (decision !== null) return await this.#carryOut(decision);

    const call = await placeCall(tool, input, { projectPath: this.#settings.projectPath, cwd: hook.cwd });
    const verdict = this.#decide(call, hook.permission_mode, agentId);
    const reason = { permissionDecisionReason: verdict.reason };
    if (verdict.decision === 'pass') return {};
    if (verdict.decision !== 'ask') return { permissionDecision: verdict.decision, ...reason };
    // Claude Code then asks `canUseTool`, even where its own rules would not.
    if (verdict.wait === 'live') return { permissionDecision: 'ask', ...reason };
    return await this.#defer(call, id, verdict.reason);
  }

  #decide(call: ToolCall, mode: string | undefined, agentId: string | null): ReturnType<typeof decide> {
    const { rules, projectRules, trusted, ceiling } = this.#settings;
    const allow = [...rules.allow, ...this.#sessionRules];
    return decide({
      call,
      mode: mode ?? this.#settings.mode,
      ceiling,
      rules: { ...rules, allow },
      projectRules,
      trusted,
      agentId,
    });
  }

  /** A second deferred call of a message would make the first one vanish from the conversation. */
  async #defer(call: ToolCall, id: string, reason: string): Promise<HookDecision> {
    if (this.#deferred !== null && this.#deferred !== id) {
      const words = 'Postponed: another call waits for a decision. Ask for this one again afterwards.';
      return { permissionDecision: 'deny', permissionDecisionReason: words };
    }
    this.#deferred = id;
    try {
      const { tool, input } = call;
      await this.#port.open({ ...askOf(call, reason), tool_use_id: id, tool, input, agent_id: null, wait: 'durable' });
    } catch (error) {
      this.#deferred = null;
      throw error;
    }
    return { permissionDecision: 'defer' };
  }

  /** The decision about this very call, or about a live one that ended with its process and was the same. */
  #decisionFor(id: string, tool: string, input: Input): CallDecision | null {
    const own = this.#port.decisionOf(id);
    if (own !== null) return own;
    const isSame = (one: CallDecision): boolean => !one.used && one.tool === tool && isSameJson(one.input, input);
    return this.#port.carriedOver().find(isSame) ?? null;
  }

  async #carryOut(decision: CallDecision): Promise<HookDecision> {
    const { answer, tool_use_id: id } = decision;
    if (!('decision' in answer)) return { permissionDecision: 'ask' }; // a question is answered by `canUseTool`
    switch (answer.decision) {
      case 'allow':
      case 'allow_session':
        if (decision.used) return { permissionDecision: 'deny', permissionDecisionReason: outcomeUnknown(decision) };
        await this.#port.use(id);
        return {
          permissionDecision: 'allow',
          ...(answer.updated_input === undefined ? {} : { updatedInput: answer.updated_input }),
        };
      case 'deny':
      case 'expired':
        await this.#port.use(id);
        return { permissionDecision: 'deny', permissionDecisionReason: refusal(decision) };
      default: // only `canUseTool` can stop the turn, or change the mode with a plan
        return { permissionDecision: 'ask' };
    }
  }

  async #live(...[tool, input, asked]: Parameters<CanUseTool>): Promise<PermissionResult> {
    const id = asked.toolUseID;
    try {
      const known = this.#decisionFor(id, tool, input);
      if (known !== null) return await this.#answer(known, input);
      return await this.#waitLive(tool, input, asked);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      return { behavior: 'deny', message: `No decision could be had: ${words}` };
    }
  }

  async #waitLive(tool: string, input: Input, asked: Parameters<CanUseTool>[2]): Promise<PermissionResult> {
    const { toolUseID: id, agentID, decisionReason, blockedPath, suggestions, signal } = asked;
    const { projectPath, liveLimitMs } = this.#settings;
    const call = await placeCall(tool, input, { projectPath, cwd: projectPath });
    const claude = { reason: decisionReason, blockedPath, suggestions };
    const ask = askOf(call, 'Claude Code asks for this call', claude);
    await this.#port.open({ ...ask, tool_use_id: id, tool, input, agent_id: agentID ?? null, wait: 'live' });
    const limit = AbortSignal.timeout(liveLimitMs);
    try {
      const decision = await this.#port.decided(id, AbortSignal.any([signal, limit]));
      return await this.#answer(decision, input);
    } catch (error) {
      if (signal.aborted || !limit.aborted) throw error;
      // An answer here would let the agent work on alone: it hears nothing, and its process ends.
      await this.#port.putOff(id);
      return { behavior: 'deny', message: NOT_ANSWERED };
    }
  }

  async #answer(decision: CallDecision, input: Input): Promise<PermissionResult> {
    const { answer, used, tool_use_id: id } = decision;
    const isPermission = 'decision' in answer && (answer.decision === 'allow' || answer.decision === 'allow_session');
    if (isPermission && used) return { behavior: 'deny', message: outcomeUnknown(decision) };
    await this.#port.use(id);
    if ('answers' in answer) return { behavior: 'allow', updatedInput: { ...input, answers: answer.answers } };
    if ('response' in answer) return { behavior: 'allow', updatedInput: { ...input, response: answer.response } };
    switch (answer.decision) {
      case 'allow':
        return { behavior: 'allow', updatedInput: answer.updated_input ?? input };
      case 'allow_session': {
        const rule = parseRule(answer.rule);
        if (rule !== null) this.#sessionRules.push(rule);
        return { behavior: 'allow', updatedInput: answer.updated_input ?? input };
      }
      case 'approve': {
        const { permission_mode: mode, plan } = answer;
        return {
          behavior: 'allow',
          updatedInput: plan === undefined ? input : { ...input, plan },
          ...(mode === undefined ? {} : { updatedPermissions: [{ type: 'setMode', mode, destination: 'session' }] }),
        };
      }
      case 'deny_and_stop':
        return { behavior: 'deny', message: refusal(decision), interrupt: true };
      default:
        return { behavior: 'deny', message: refusal(decision) };
    }
  }

  #after(hook: HookInput): HookJSONOutput {
    if (hook.hook_event_name !== 'PostToolUse' && hook.hook_event_name !== 'PostToolUseFailure') return {};
    const { tool_use_id, tool_name: tool, tool_input: input, duration_ms = null } = hook;
    const error = hook.hook_event_name === 'PostToolUseFailure' ? hook.error : null;
    this.#port.ran({ tool_use_id, tool, input, error, duration_ms });
    return {};
  }
}

interface HookDecision {
  permissionDecision?: 'allow' | 'deny' | 'ask' | 'defer';
  permissionDecisionReason?: string;
  updatedInput?: Input;
}

function answerHook(decision: HookDecision): HookJSONOutput {
  if (decision.permissionDecision === undefined) return {};
  return { hookSpecificOutput: { hookEventName: 'PreToolUse', ...decision } };
}

function refusal({ answer }: CallDecision): string {
  if (!('decision' in answer)) return 'Refused';
  if (answer.decision === 'expired') return NOT_ANSWERED;
  const reason = 'reason' in answer ? answer.reason : undefined;
  if (reason !== undefined) return reason;
  return answer.decision === 'reject' ? 'The plan was rejected' : 'A person denied this call';
}

function outcomeUnknown({ tool }: CallDecision): string {
  return (
    `The outcome of this call is unknown: it was allowed, and the agent ended before its result was seen. ` +
    `${tool} may have run. Look at the state of things before you repeat it.`
  );
}
