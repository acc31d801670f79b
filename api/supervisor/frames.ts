import { z } from 'zod';
import {
  messageContext,
  messageText,
  optional,
  projectPath,
  reason,
  sessionId,
  sessionOptions,
  userId,
} from '../fields.ts';

const requestId = optional(z.union([z.string().max(128), z.number()], 'a text of at most 128 characters or a number'));
const base = { request_id: requestId };
const ofSession = { ...base, session_id: sessionId };

/** What a client sends, by its `type`; fields that are not named are let pass. */
export const COMMANDS = {
  /** A token of another type is a bad token, and told so. */
  auth: z.object({ ...base, token: z.string().catch('') }),
  ping: z.object(base),
  claude_code_connect: z.object({
    ...base,
    session_id: optional(sessionId),
    project_path: projectPath,
    user_id: userId,
    title: optional(z.string().max(500)),
    options: optional(sessionOptions),
  }),
  claude_code_message: z.object({
    ...ofSession,
    message: messageText,
    context: optional(messageContext),
    message_id: optional(z.uuid('a UUID')),
  }),
  claude_code_disconnect: z.object({ ...ofSession, reason: optional(reason) }),
  claude_code_resume: z.object(ofSession),
  presence: z.object(ofSession),
  interrupt: z.object({ ...ofSession, message_id: optional(z.string().max(128)) }),
  answer_interaction: z.looseObject({ ...base, interaction_id: z.string().min(1).max(128) }),
  list_inbox: z.object({ ...base, user_id: optional(userId) }),
  get_session_status: z.object(ofSession),
  subscribe: z.object({ ...ofSession, after_seq: optional(z.number().int().nonnegative()) }),
  unsubscribe: z.object(ofSession),
} as const;

/** The `type` of a frame that a client sends. */
export type CommandType = keyof typeof COMMANDS;
/** A checked frame of one type. */
export type Command<T extends CommandType> = z.output<(typeof COMMANDS)[T]>;

/** The `type` of every frame that the server sends. */
export const ANSWERS = [
  'auth_result',
  'pong',
  'claude_code_connected',
  'claude_code_response',
  'claude_code_disconnected',
  'interrupted',
  'presence_noted',
  'interaction',
  'inbox',
  'session_status',
  'subscribed',
  'unsubscribed',
  'claude_code_event',
  'error',
] as const;

/** A frame to the client. */
export type Answer = { type: (typeof ANSWERS)[number] } & Record<string, unknown>;

const ALIASES: Readonly<Record<string, CommandType>> = { claude_code_interrupt: 'interrupt' };

/** The type that a client means: snake_case, or the guide's CamelCase; null when there is no such one. */
export function commandType(type: string): CommandType | null {
  const snake = /^[A-Z]/.test(type) ? type.replace(/(?!^)([A-Z])/g, '_$1').toLowerCase() : type;
  const name = ALIASES[snake] ?? snake;
  return Object.hasOwn(COMMANDS, name) ? (name as CommandType) : null;
}
