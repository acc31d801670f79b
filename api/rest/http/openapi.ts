import { z } from 'zod';
import { errors } from '../../../domain/errors.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import { errorBody } from '../../error-body.ts';
import { HTTP_STATUS } from './error-handler.ts';
import type { AnswerSpec, RouteSpec } from './route-spec.ts';

type Json = Record<string, unknown>;

const DESCRIPTION = [
  'Durable Claude Code sessions: each session is a Temporal workflow, every accepted message is carried out once, answered once and billed once.',
  'Begin with `POST /api/claude-code/sessions`, then send a message to it.',
  'Errors have one shape: `{"type":"error","message","code","request_id"}`; 429 and 503 carry `Retry-After`.',
].join('\n\n');

const MESSAGE_ID = '0190f6a2-7b1c-4c11-9d3e-5a8f1c2b3d4e';
const REQUEST_ID = '5f0c9a52-1f0e-4c0e-8d39-6b8f0a3c2e11';

/** What any call may be answered with, whatever it does. */
const ANYWHERE: readonly ErrorCode[] = ['INVALID_REQUEST', 'FORBIDDEN', 'RATE_LIMITED', 'INTERNAL', 'UNAVAILABLE'];
const WITH_BODY: readonly ErrorCode[] = ['TOO_LARGE'];

/** The tags of the routes, in the order of the page. */
const TAGS: readonly { name: RouteSpec['tag']; description: string }[] = [
  { name: 'sessions', description: 'Begin, list, interrupt, resume and end sessions.' },
  { name: 'messages', description: 'Send messages, wait for answers, read and search the history.' },
  { name: 'interactions', description: 'What waits for a person: permissions, questions and plans.' },
  { name: 'costs', description: 'What sessions, users and the whole system cost.' },
  { name: 'events', description: 'Numbered progress of sessions, live as server-sent events or as pages.' },
  { name: 'projects', description: 'Which folders are trusted, and what trust would load.' },
  { name: 'routing', description: 'Messages that come in from other channels.' },
  { name: 'service', description: 'State and version of the service.' },
];

/** What the message of each error looks like. */
const ERROR_EXAMPLES: Readonly<Record<ErrorCode, string>> = {
  SESSION_NOT_FOUND: errors.sessionNotFound('session-1').message,
  USER_NOT_FOUND: errors.userNotFound('user123').message,
  MESSAGE_NOT_FOUND: errors.messageNotFound(MESSAGE_ID).message,
  MESSAGE_BODY_LOST: `The body of message ${MESSAGE_ID} is lost`,
  NOT_FOUND: 'Nothing here: GET /api/claude-code/session',
  SESSION_NOT_ACTIVE: errors.sessionNotActive('session-1').message,
  SESSION_NOT_RESUMABLE: errors.sessionNotResumable('session-1', "the agent's conversation is gone").message,
  SESSION_EXISTS: errors.sessionExists('session-1').message,
  USER_EXISTS: 'User already exists: user123',
  MAX_SESSIONS: errors.maxSessions(10).message,
  QUEUE_FULL: errors.queueFull('session-1').message,
  AGENT_UNREACHABLE: errors.agentUnreachable().message,
  INTERACTION_NOT_FOUND: errors.interactionNotFound('int-1').message,
  ALREADY_ANSWERED: 'Interaction is already answered: int-1 by user123 via web at 2026-11-25T09:32:00.000Z: allowed',
  INTERACTION_WITHDRAWN: 'Interaction is withdrawn: int-1: The turn was interrupted',
  INVALID_ANSWER: 'decision must be "allow", "allow_session", "deny" or "deny_and_stop"',
  TURN_FAILED: 'API Error: 529 Overloaded',
  TURN_UNKNOWN: errors.turnUnknown('the gateway was stopped during the turn', {}).message,
  PROJECT_PATH: errors.projectPathNotFound('/path/to/project').message,
  INVALID_REQUEST: 'Invalid body message: expected string, got nothing',
  IDEMPOTENCY_MISMATCH: errors.idempotencyMismatch('key-1').message,
  UNAUTHENTICATED: errors.unauthenticated().message,
  NOT_PERMITTED:
    'permission_mode "bypassPermissions" is wider than sessions of user123 may have: "acceptEdits" at most',
  FORBIDDEN: 'Only an admin may see what all users cost',
  METHOD_NOT_ALLOWED: 'Method PUT is not allowed here: GET, HEAD',
  TOO_LARGE: errors.tooLarge(1024 * 1024).message,
  RATE_LIMITED: errors.rateLimited(1).message,
  SLOW_READER: errors.slowReader().message,
  UNAVAILABLE: errors.unavailable('Temporal').message,
  INTERNAL: 'Internal error: the log has more under the request id',
};

/** Returns a schema's JSON Schema and puts the named ones that it uses among the components. */
function makeToSchema(components: Json): (schema: z.ZodType) => Json {
  return (schema) => {
    const text = JSON.stringify(
      z.toJSONSchema(schema, {
        io: 'input',
        unrepresentable: 'any',
        override: ({ jsonSchema }) => {
          if (jsonSchema.format === 'date-time' || jsonSchema.format === 'date') delete jsonSchema.pattern;
          delete jsonSchema.id;
        },
      }),
    ).replaceAll('"#/$defs/', '"#/components/schemas/');
    const { $defs, $schema: _, ...rest } = JSON.parse(text) as Json;
    Object.assign(components, $defs);
    return rest;
  };
}

function parameters(spec: RouteSpec, toSchema: (schema: z.ZodType) => Json): Json[] {
  const places = [
    ['path', spec.params],
    ['query', spec.query],
    ['header', spec.headers],
  ] as const;
  return places.flatMap(([place, schema]) =>
    Object.entries((schema?.shape ?? {}) as Record<string, z.ZodType>).map(([name, field]) => ({
      name,
      in: place,
      required: place === 'path' || !field.safeParse(undefined).success,
      schema: toSchema(field),
    })),
  );
}

/** A JSON body, with the first example of its schema. */
function jsonContent(schema: z.ZodType, toSchema: (schema: z.ZodType) => Json): Json {
  const [example] = (schema.meta()?.['examples'] as unknown[] | undefined) ?? [];
  return { schema: toSchema(schema), ...(example === undefined ? {} : { example }) };
}

function answer({ description, schema, contentTypes = [] }: AnswerSpec, toSchema: (schema: z.ZodType) => Json): Json {
  const texts = contentTypes.map((type) => [type, { schema: { type: 'string' } }] as const);
  const json = schema === undefined ? [] : ([['application/json', jsonContent(schema, toSchema)]] as const);
  const content = [...json, ...texts];
  return content.length === 0 ? { description } : { description, content: Object.fromEntries(content) };
}

function errorAnswers(spec: RouteSpec, toSchema: (schema: z.ZodType) => Json): Json {
  const codes = new Set([...spec.errors, ...ANYWHERE, ...(spec.method === 'get' ? [] : WITH_BODY)]);
  if (spec.open !== true) codes.add('UNAUTHENTICATED');
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) byStatus.set(HTTP_STATUS[code], [...(byStatus.get(HTTP_STATUS[code]) ?? []), code]);
  const schema = toSchema(errorBody);
  const example = (code: ErrorCode): Json => ({
    value: { type: 'error', message: ERROR_EXAMPLES[code], code, request_id: REQUEST_ID },
  });
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => {
      const examples = Object.fromEntries(of.map((code) => [code, example(code)]));
      return [status, { description: of.join(', '), content: { 'application/json': { schema, examples } } }];
    }),
  );
}

/** The OpenAPI 3.1 document of a table of routes, out of the schemas that check the calls. */
export function openApiDocument(routes: Record<string, RouteSpec>, version: string): Json {
  const schemas: Json = {};
  const toSchema = makeToSchema(schemas);
  const paths: Record<string, Json> = {};
  for (const spec of Object.values(routes)) {
    const path = spec.path.replaceAll(/:(\w+)/g, '{$1}');
    const answers = Object.entries(spec.answers).map(([status, one]) => [status, answer(one, toSchema)] as const);
    paths[path] ??= {};
    paths[path][spec.method] = {
      operationId: spec.operationId,
      summary: spec.summary,
      tags: [spec.tag],
      ...(spec.open === true ? { security: [] } : {}),
      parameters: parameters(spec, toSchema),
      ...(spec.body === undefined
        ? {}
        : {
            requestBody: {
              required: spec.bodyOptional !== true,
              content: { 'application/json': jsonContent(spec.body, toSchema) },
            },
          }),
      responses: { ...Object.fromEntries(answers), ...errorAnswers(spec, toSchema) },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'xswarm', version, description: DESCRIPTION },
    servers: [{ url: '/', description: 'This server' }],
    tags: TAGS,
    // The empty choice is local mode, where loopback needs no token.
    security: [{ token: [] }, {}],
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A token of `xswarm token create <user>`. Needed with `auth = "token"`; in local mode it is optional.',
        },
      },
    },
  };
}
