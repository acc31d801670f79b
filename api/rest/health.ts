import { health, ready, version } from '../schemas/service-state.ts';
import { defineRoute } from './http/route-spec.ts';

/** The state of the service itself; callable without a token. */
export const SERVICE_ROUTES = {
  health: defineRoute({
    operationId: 'health',
    method: 'get',
    path: '/health',
    summary: 'Whether the process is there',
    tag: 'service',
    open: true,
    answers: { 200: { description: 'It is', schema: health } },
    errors: [],
  }),
  ready: defineRoute({
    operationId: 'ready',
    method: 'get',
    path: '/ready',
    summary: 'Whether Temporal, the database and the gateway are there too',
    tag: 'service',
    open: true,
    answers: { 200: { description: 'They are', schema: ready } },
    errors: ['UNAVAILABLE'],
  }),
  version: defineRoute({
    operationId: 'version',
    method: 'get',
    path: '/version',
    summary: 'Which version runs',
    tag: 'service',
    open: true,
    answers: { 200: { description: 'The version', schema: version } },
    errors: [],
  }),
} as const;
