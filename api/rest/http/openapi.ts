import { z } from 'zod';
import type { ErrorCode } from '../../../domain/errors.ts';
import { errorBody } from '../../error-body.ts';
import { HTTP_STATUS } from './error-handler.ts';
import type { AnswerSpec, RouteSpec } from './route-spec.ts';

type Json = Record<string, unknown>;

/** What any call may be answered with, whatever it does. */
const ANYWHERE: readonly ErrorCode[] = ['INVALID_REQUEST', 'FORBIDDEN', 'RATE_LIMITED', 'INTERNAL', 'UNAVAILABLE'];
const WITH_BODY: readonly ErrorCode[] = ['TOO_LARGE'];

/** Gives a schema's JSON Schema and puts the named ones that it uses among the components. */
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

function answer({ description, schema, contentTypes = [] }: AnswerSpec, toSchema: (schema: z.ZodType) => Json): Json {
  const texts = contentTypes.map((type) => [type, { schema: { type: 'string' } }] as const);
  const json = schema === undefined ? [] : ([['application/json', { schema: toSchema(schema) }]] as const);
  const content = [...json, ...texts];
  return content.length === 0 ? { description } : { description, content: Object.fromEntries(content) };
}

function errorAnswers(spec: RouteSpec, toSchema: (schema: z.ZodType) => Json): Json {
  const codes = new Set([...spec.errors, ...ANYWHERE, ...(spec.method === 'get' ? [] : WITH_BODY)]);
  if (spec.open !== true) codes.add('UNAUTHENTICATED');
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) byStatus.set(HTTP_STATUS[code], [...(byStatus.get(HTTP_STATUS[code]) ?? []), code]);
  const content = { 'application/json': { schema: toSchema(errorBody) } };
  return Object.fromEntries([...byStatus].map(([status, of]) => [status, { description: of.join(', '), content }]));
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
              content: { 'application/json': { schema: toSchema(spec.body) } },
            },
          }),
      responses: { ...Object.fromEntries(answers), ...errorAnswers(spec, toSchema) },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'xswarm', version, description: 'Durable Claude Code sessions.' },
    // The empty choice is local mode, where loopback needs no token.
    security: [{ token: [] }, {}],
    paths,
    components: { schemas, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}
