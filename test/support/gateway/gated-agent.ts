import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { query } from '@anthropic-ai/claude-agent-sdk';
import type { Options, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { Gate } from '../../../gateway/drivers/claude/gate/gate.ts';
import type { GateSettings } from '../../../gateway/drivers/claude/gate/gate.ts';
import { until } from '../until.ts';
import { MemoryGatePort } from './memory-gate-port.ts';
import { claudeEnv, TEST_MODEL } from './messages-api.ts';
import type { MessagesApi } from './messages-api.ts';

/** A frame of Claude Code, as far as these tests read it. */
export interface Frame {
  type: string;
  subtype?: string;
  /** `tool_deferred` for a turn that waits; a call that is put off again has no `terminal_reason`. */
  stop_reason?: string;
  terminal_reason?: string;
  is_error?: boolean;
  result?: string;
  permissionMode?: string;
}

/** The real Claude Code behind a gate, started by the SDK directly: one conversation, and one process after the other. */
export class GatedAgent {
  readonly conversation = randomUUID();
  readonly project: string;
  readonly port = new MemoryGatePort();
  readonly frames: Frame[] = [];
  readonly settings: GateSettings;
  gate!: Gate;
  readonly #api: MessagesApi;
  readonly #home: string;
  readonly #more: Options;
  #prompts = new Prompts();
  #child: ChildProcess | null = null;
  #gone: Promise<unknown> = Promise.resolve();
  #begun = false;

  private constructor(api: MessagesApi, home: string, settings: Partial<GateSettings>, more: Options) {
    this.#api = api;
    this.#home = home;
    this.#more = more;
    this.project = join(home, 'project');
    mkdirSync(this.project, { recursive: true });
    const none = { allow: [], deny: [], ask: [] };
    this.settings = {
      projectPath: this.project,
      mode: 'default',
      ceiling: 'bypassPermissions',
      rules: none,
      projectRules: none,
      trusted: true,
      sessionRules: [],
      liveLimitMs: 60_000,
      ...settings,
    };
    this.port.endAgent = () => this.end('SIGTERM');
  }

  static async create(api: MessagesApi, settings: Partial<GateSettings> = {}, more: Options = {}): Promise<GatedAgent> {
    return new GatedAgent(api, await mkdtemp(join(tmpdir(), 'xswarm-gate-')), settings, more);
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts a process, which resumes the conversation if there is one. */
  async start(): Promise<void> {
    this.gate = new Gate(this.settings, this.port);
    this.#prompts = new Prompts();
    const identity = this.#begun ? { resume: this.conversation } : { sessionId: this.conversation };
    const claude = query({
      prompt: this.#prompts,
      options: {
        ...identity,
        cwd: this.project,
        env: { ...claudeEnv(this.#api, this.#home), CLAUDE_CODE_DISABLE_TERMINAL_TITLE: '1' },
        model: TEST_MODEL,
        permissionMode: this.settings.mode,
        includePartialMessages: true,
        settingSources: [],
        systemPrompt: { type: 'preset', preset: 'claude_code' },
        ...this.#more,
        ...this.gate.options,
        spawnClaudeCodeProcess: ({ command, args, cwd, env }) => {
          const child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
          child.stdin.on('error', () => undefined);
          this.#child = child;
          return child;
        },
      },
    });
    this.#gone = (async () => {
      try {
        for await (const frame of claude) this.frames.push(frame as Frame);
      } catch {
        // the end of the process is what the tests look at
      }
    })();
    await claude.initializationResult();
    this.#begun = true;
  }

  send(content: string): void {
    this.#prompts.push(content);
  }

  /** The results so far. */
  get results(): Frame[] {
    return this.frames.filter(({ type }) => type === 'result');
  }

  /** Resolves with the result of this number, counted from 1 over all processes. */
  async result(number: number): Promise<Frame> {
    return await until(`result ${number}`, () => this.results[number - 1], {
      limitMs: 60_000,
      seen: () => this.frames.at(-1),
    });
  }

  /** Starts, sends, and ends the process as soon as the call is put off. */
  async putOff(content: string): Promise<void> {
    await this.start();
    const before = this.results.length;
    this.send(content);
    const { stop_reason } = await this.result(before + 1);
    if (stop_reason !== 'tool_deferred') throw new Error(`the turn ended with ${stop_reason ?? 'no reason'}`);
    await this.end('SIGTERM');
  }

  /** Starts the process that carries a decision out, and resolves with the turn's result. */
  async carryOn(): Promise<Frame> {
    const before = this.results.length;
    await this.start();
    return await this.result(before + 1);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const [child, prompts, gone] = [this.#child, this.#prompts, this.#gone];
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    prompts.end();
    await gone;
  }

  async close(): Promise<void> {
    await this.end('SIGKILL');
    if (this.pid !== null) {
      try {
        process.kill(-this.pid, 'SIGKILL');
      } catch {
        // nothing is left of its group
      }
    }
    await rm(this.#home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** The messages of one process, until it ends. */
class Prompts implements AsyncIterable<SDKUserMessage> {
  readonly #waiting: string[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  push(content: string): void {
    this.#waiting.push(content);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SDKUserMessage> {
    for (;;) {
      for (const content of this.#waiting.splice(0)) {
        yield { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null, uuid: randomUUID() };
      }
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
