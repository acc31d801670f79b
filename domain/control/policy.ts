import { PERMISSION_MODES } from '../session/session.ts';
import type { PermissionMode } from '../session/session.ts';
import { isReadOnly, isReadOnlyCommand } from './read-only-bash.ts';
import { absolute, allowsAll, concerns, isEditing, isInside, isReading, staysInside } from './rules.ts';
import type { Rule, ToolCall } from './rules.ts';

/** Permission rules, by what they do. */
export interface RuleSet {
  allow: Rule[];
  deny: Rule[];
  ask: Rule[];
}

/** All that decides about a tool call. */
export interface PolicyInput {
  call: ToolCall;
  /** The mode that the session has, in Claude Code's words. */
  mode: string;
  /** The widest mode that the owner of the session may use. */
  ceiling: PermissionMode;
  /** The rules of the configuration, the session and its answers. */
  rules: RuleSet;
  /** The rules that the project's own files bring. */
  projectRules: RuleSet;
  /** Whether a person trusts the project's files. */
  trusted: boolean;
  /** Set when a subagent calls. */
  agentId: string | null;
}

/**
 * What happens to a tool call. `allow`: it runs. `deny`: it does not. `pass`: Claude Code's own rules decide. `ask`: a person decides,
 * with no process waiting (`durable`), or within a few minutes where the agent cannot be put off (`live`).
 */
export type Verdict =
  | { decision: 'allow' | 'deny' | 'pass'; reason: string }
  | { decision: 'ask'; kind: 'permission' | 'question' | 'plan'; wait: 'durable' | 'live'; reason: string };

/** The modes from the narrowest to the widest. */
const BY_WIDTH: PermissionMode[] = ['dontAsk', 'plan', 'default', 'acceptEdits', 'bypassPermissions'];

/** Whether a mode allows more than another one. */
export function isWider(mode: PermissionMode, than: PermissionMode): boolean {
  return BY_WIDTH.indexOf(mode) > BY_WIDTH.indexOf(than);
}

/** The narrower one of two modes. */
export function narrower(mode: PermissionMode, other: PermissionMode): PermissionMode {
  return isWider(mode, other) ? other : mode;
}

/** Decides about a tool call. Deny rules come first, then ask rules, the mode, and allow rules. */
export function decide(policy: PolicyInput): Verdict {
  const { call, rules, projectRules, trusted } = policy;
  const mode = effectiveMode(policy.mode, policy.ceiling);
  if (mode === null) return { decision: 'deny', reason: refusalOfMode(policy.mode) };
  const denied = [...rules.deny, ...projectRules.deny].find((rule) => concerns(rule, call));
  if (denied !== undefined) return { decision: 'deny', reason: `The rule ${ruleText(denied)} denies this call` };

  const ask = (reason: string, kind: 'permission' | 'question' | 'plan' = 'permission'): Verdict =>
    mode === 'dontAsk'
      ? { decision: 'deny', reason: `${reason}, and the mode "dontAsk" asks nobody` }
      : { decision: 'ask', kind, wait: policy.agentId === null ? 'durable' : 'live', reason };

  if (call.tool === 'AskUserQuestion') return ask('Claude has a question', 'question');
  if (call.tool === 'ExitPlanMode') return ask('Claude has a plan', 'plan');
  const held = [...rules.ask, ...projectRules.ask].find((rule) => concerns(rule, call));
  if (held !== undefined) return ask(`The rule ${ruleText(held)} asks for a decision`);
  if (mode === 'bypassPermissions')
    return { decision: 'pass', reason: 'The mode "bypassPermissions" asks for nothing' };
  if (allowsAll([...rules.allow, ...(trusted ? projectRules.allow : [])], call)) {
    return { decision: 'allow', reason: 'A rule allows this call' };
  }
  return byMode(call, mode, ask);
}

function byMode(call: ToolCall, mode: PermissionMode, ask: (reason: string) => Verdict): Verdict {
  const pass = (reason: string): Verdict => ({ decision: 'pass', reason });
  const inside = call.paths.every((path) => isInside(path, call.cwd));
  if (isReading(call.tool)) return inside ? pass('It reads in the project') : ask('It reads outside the project');
  if (isEditing(call.tool)) {
    if (mode !== 'acceptEdits') return ask('It changes a file');
    if (!inside || call.paths.length === 0) return ask('It changes a file outside the project');
    return call.paths.some(isGuarded)
      ? ask('It changes a file that controls other programs')
      : pass('It edits in the project');
  }
  if (call.script !== null) {
    if (isReadOnly(call.script)) {
      const isInProject = call.script.commands.every((command) => staysInside(command, call));
      return isInProject ? pass('It only reads') : ask('It reads outside the project');
    }
    return mode === 'acceptEdits' && isEditOfFiles(call)
      ? pass('It edits in the project')
      : ask('It may change something');
  }
  if (call.tool === 'Bash') return ask('It may change something');
  if (call.tool === 'WebFetch' || call.tool === 'WebSearch') return ask('It sends something to the web');
  if (call.tool.startsWith('mcp__')) return ask('It uses a tool of an MCP server');
  return pass("Claude Code's own rules decide");
}

/** The mode as the ceiling leaves it; null for one that is not supported. */
export function effectiveMode(mode: string, ceiling: PermissionMode): PermissionMode | null {
  const known = PERMISSION_MODES.find((one) => one === mode);
  if (known === undefined) return null;
  return isWider(known, ceiling) ? ceiling : known;
}

/** Why a mode is not supported. */
export function refusalOfMode(mode: string): string {
  if (mode === 'auto') return 'The mode "auto" is not supported: its classifier does not run here';
  return `The mode "${mode}" is not known`;
}

const FILE_COMMANDS = new Set(['mkdir', 'touch', 'rm', 'rmdir', 'mv', 'cp']);
/** Folders and files that other programs obey: an edit there is more than an edit. */
const GUARDED =
  /(^|\/)(\.git|\.claude|\.vscode|\.idea|\.husky)(\/|$)|\/\.(bashrc|bash_profile|profile|zshrc|zprofile|gitconfig|npmrc|mcp\.json)$/;

function isGuarded(path: string): boolean {
  return GUARDED.test(path);
}

/** Whether a command line only changes files of the project by name, as "acceptEdits" lets it. */
function isEditOfFiles(call: ToolCall): boolean {
  const { script, cwd } = call;
  if (script === null || !script.plain) return false;
  const isEditable = (path: string): boolean => {
    const full = absolute(path, call);
    return full !== cwd && isInside(full, cwd) && !isGuarded(full);
  };
  return script.commands.every((command) => {
    if (!command.writes.every(isEditable)) return false;
    if (isReadOnlyCommand({ ...command, writes: [] })) return true;
    const [name, ...words] = command.words;
    if (name === undefined || !FILE_COMMANDS.has(name.value) || words.some(({ glob }) => glob)) return false;
    const operands = words.filter(({ value }) => !value.startsWith('-'));
    const plainOptions = words.every(({ value }) => !value.startsWith('-') || /^-[rfpvR]+$/.test(value));
    return plainOptions && operands.length > 0 && operands.every(({ value }) => isEditable(value));
  });
}

/** A rule as it is written. */
export function ruleText({ tool, specifier }: Rule): string {
  return specifier === null ? tool : `${tool}(${specifier})`;
}
