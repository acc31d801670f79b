import { z } from 'zod';
import type { AgentEvent } from '../domain/session/event.ts';
import { PROJECT_SETTINGS_STATES } from '../domain/project-settings.ts';
import { AGENT_NAMES, PERMISSION_MODES } from '../domain/session/session.ts';
import { TURN_OUTCOMES } from '../domain/session/turn.ts';
import { interaction } from './interaction-schema.ts';
import type { Equal } from '../domain/equal.ts';

/** The WebSocket sub-protocol between a worker and a gateway. `docs/agent-protocol.md` describes it from this file. */
export const AGENT_PROTOCOL = 'xswarm.agent.v1';

const requestId = z.number().int().nonnegative();
const context = z.record(z.string(), z.unknown()).optional();
const failure = z.object({ code: z.string(), message: z.string() });

const agentOptions = z.object({
  model: z.string().optional(),
  permission_mode: z.enum(PERMISSION_MODES).optional(),
  on_interrupt: z.enum(['report', 'continue']).optional(),
  /** How long a turn may take; 0: for ever. */
  turn_limit_seconds: z.number().int().nonnegative().optional(),
  /** The widest mode that the session's owner may use. With it, people are asked about tool calls; without it, those are denied. */
  ceiling: z.enum(PERMISSION_MODES).optional(),
  /** The rules that people allowed for the session, in Claude Code's syntax. */
  session_rules: z.array(z.string()).optional(),
  /** The digest of the folder's settings that an admin trusted: only these are loaded. */
  trusted_digest: z.string().optional(),
  /** How long a call that cannot be deferred waits for a person. */
  live_limit_ms: z.number().int().positive().optional(),
});
/** What an agent is started with, after the configuration's defaults were filled in. */
export type AgentOptions = z.infer<typeof agentOptions>;

const open = z.object({
  type: z.literal('open'),
  request_id: requestId,
  session_id: z.string().min(1).max(128),
  /** The lease. A higher one takes over, an equal one replaces the socket, a lower one is refused. */
  epoch: z.number().int().positive(),
  project_path: z.string().min(1),
  options: agentOptions,
  /** Events with a higher number are sent again, then the live ones. */
  after_seq: z.number().int().nonnegative(),
  /** Whether the agent process must be up before `opened` is sent; else the next `send` starts it. */
  start: z.boolean(),
  /** Whether to refuse with `CONVERSATION_GONE` where the agent cannot find the conversation that it had before. */
  resume_required: z.boolean().optional(),
});

const send = z.object({
  type: z.literal('send'),
  request_id: requestId,
  message_id: z.uuid(),
  content: z.string().min(1),
  context,
});

const interrupt = z.object({
  type: z.literal('interrupt'),
  request_id: requestId,
  /** Stops only the turn of this message; without it, the turn that runs. */
  message_id: z.string().optional(),
});

const decide = z.object({
  type: z.literal('decide'),
  request_id: requestId,
  interaction_id: z.uuid(),
  /** What a person answered, in its normal form. */
  answer: z.record(z.string(), z.unknown()),
});

const release = z.object({
  type: z.literal('release'),
  request_id: requestId,
  /** `idle`: let the process go, the conversation stays. `close`: the session ended; a running turn is settled first. */
  mode: z.enum(['idle', 'close']),
  reason: z.string().optional(),
});

/** Worker to gateway. The first frame of a socket is `open`; every frame is answered under its `request_id`. */
export const workerFrame = z.discriminatedUnion('type', [open, send, interrupt, decide, release]);
export type WorkerFrame = z.infer<typeof workerFrame>;

const modelUsage = z.object({
  model: z.string(),
  input_tokens: z.number().int().nonnegative(),
  output_tokens: z.number().int().nonnegative(),
  cache_read_tokens: z.number().int().nonnegative(),
  cache_creation_tokens: z.number().int().nonnegative(),
  cost_nano: z.number().int().nonnegative(),
});

/** A settled turn, as the journal and the mirror keep it. */
export const turnResult = z.object({
  turn_id: z.string(),
  message_id: z.string().nullable(),
  outcome: z.enum(TURN_OUTCOMES),
  content: z.string(),
  failure: failure.nullable(),
  cost_nano: z.number().int().nonnegative().nullable(),
  usage: z.array(modelUsage),
  agent: z.enum(AGENT_NAMES),
  simulated: z.boolean(),
  started_at: z.string(),
  finished_at: z.string(),
});

const about = { timestamp: z.string(), message_id: z.string().nullable() };

/** A journalled event; the schema and the domain's `AgentEvent` are held equal by the compiler below. */
export const agentEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('accepted'),
    timestamp: z.string(),
    message_id: z.string(),
    content: z.string(),
    context,
  }),
  z.object({ type: z.literal('text'), ...about, text: z.string() }),
  z.object({
    type: z.literal('tool_started'),
    ...about,
    tool_use_id: z.string(),
    tool: z.string(),
    summary: z.string(),
  }),
  z.object({
    type: z.literal('tool_finished'),
    ...about,
    tool_use_id: z.string(),
    is_error: z.boolean(),
    summary: z.string(),
  }),
  z.object({
    type: z.literal('permission'),
    ...about,
    tool: z.string(),
    decision: z.enum(['allowed', 'denied']),
    summary: z.string(),
  }),
  z.object({ type: z.literal('interaction'), ...about, interaction, live: z.literal(true).optional() }),
  z.object({
    type: z.literal('tool_ran'),
    ...about,
    tool_use_id: z.string(),
    tool: z.string(),
    input: z.unknown(),
    error: z.string().nullable(),
    duration_ms: z.number().nullable(),
  }),
  z.object({ type: z.literal('background'), timestamp: z.string(), tasks: z.number().int().nonnegative() }),
  z.object({
    type: z.literal('notice'),
    timestamp: z.string(),
    level: z.enum(['info', 'warning']),
    text: z.string(),
  }),
  z.object({ type: z.literal('result'), timestamp: z.string(), turn: turnResult }),
]);

/** Fails to compile when the schema and the domain drift apart. @compileTimeCheck */
export const schemaIsDomain: Equal<z.infer<typeof agentEvent>, AgentEvent> = true;

const opened = z.object({
  type: z.literal('opened'),
  request_id: requestId,
  session_id: z.string(),
  epoch: z.number().int().positive(),
  agent: z.enum(AGENT_NAMES),
  simulated: z.boolean(),
  /** The journal's newest number for this session. */
  last_seq: z.number().int().nonnegative(),
  /** How many background tasks of the agent still run. */
  background_tasks: z.number().int().nonnegative(),
  /** Whether the agent runs with the settings of its folder; only where one was started. */
  project_settings: z.enum(PROJECT_SETTINGS_STATES).optional(),
});

const accepted = z.object({
  type: z.literal('accepted'),
  request_id: requestId,
  message_id: z.string(),
  /** True when the journal knew the message already: nothing was started. */
  duplicate: z.boolean(),
  /** The number of the message's `accepted` event. */
  seq: z.number().int().positive(),
  /** The number of its `result` event when the turn is settled already. */
  result_seq: z.number().int().positive().nullable(),
});

/** Codes of the gateway's `error` frame. After `LEASE_LOST` and `UNAUTHENTICATED` the socket is closed. */
export const GATEWAY_ERROR_CODES = [
  'INVALID_FRAME',
  'NOT_OPEN',
  'LEASE_LOST',
  'PROJECT_PATH',
  'CONVERSATION_GONE',
  'AGENT_UNREACHABLE',
  'BUSY',
  'UNAVAILABLE',
] as const;
export type GatewayErrorCode = (typeof GATEWAY_ERROR_CODES)[number];

/** Gateway to worker. `event` and `delta` come unasked; the rest answer a request. */
export const gatewayFrame = z.discriminatedUnion('type', [
  opened,
  accepted,
  z.object({ type: z.literal('interrupted'), request_id: requestId, interrupted: z.boolean() }),
  z.object({
    type: z.literal('decided'),
    request_id: requestId,
    /** True when the journal had the decision already. */
    duplicate: z.boolean(),
  }),
  z.object({
    type: z.literal('released'),
    request_id: requestId,
    /** The journal's newest number: nothing comes after it until the next `send`. */
    last_seq: z.number().int().nonnegative(),
  }),
  z.object({
    type: z.literal('error'),
    request_id: requestId.optional(),
    code: z.enum(GATEWAY_ERROR_CODES),
    message: z.string(),
  }),
  z.object({ type: z.literal('event'), seq: z.number().int().positive(), event: agentEvent }),
  z.object({ type: z.literal('delta'), message_id: z.string().nullable(), text: z.string() }),
]);
export type GatewayFrame = z.infer<typeof gatewayFrame>;

/** Close codes of a gateway socket. */
export const GATEWAY_CLOSE = {
  leaseLost: 4409,
  slowReader: 4413,
  shuttingDown: 1001,
  invalidFrame: 1008,
} as const;

/** The response header of the upgrade by which a gateway says that it speaks the sub-protocol, not only accepts its name. */
export const AGENT_PROTOCOL_HEADER = 'x-xswarm-agent-protocol';
