import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from '../../domain/errors.ts';
import { HTTP_STATUS } from '../../api/rest/http/error-handler.ts';
import { openApiDocument } from '../../api/rest/http/openapi.ts';
import type { RouteSpec } from '../../api/rest/http/route-spec.ts';
import { ROUTES } from '../../api/rest/routes.ts';
import { EVENT_TYPES } from '../../api/rest/events.ts';
import { errorBody } from '../../api/error-body.ts';
import { CLOSE_CODES } from '../../api/supervisor/close-codes.ts';
import { ANSWERS, COMMANDS } from '../../api/supervisor/frames.ts';
import { callRest } from '../support/api/call-rest.ts';
import { openDoors } from '../support/api/open-doors.ts';
import type { OpenDoors } from '../support/api/open-doors.ts';

const routes = Object.values<RouteSpec>(ROUTES);
const doc = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');
let doors: OpenDoors;
before(async () => void (doors = await openDoors()));
after(async () => await doors.api.close());

/** The first words in code of a row, without the code's marks, and its other cells. */
function rows(name: string, first: RegExp): string[][] {
  const lines = doc(name)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  const cells = lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replace(/^`([^`]*)`.*$/, '$1')),
  );
  return cells.filter(([cell]) => first.test(cell ?? ''));
}

test('docs/rest.md has a row for each route and no other', () => {
  const wanted = routes.map((one) => [`${one.method.toUpperCase()} ${one.path}`, one.operationId, one.summary]);
  assert.deepEqual(rows('rest.md', /^[A-Z]+ \//).sort(), wanted.sort());
});

test('docs/rest.md has each code with its status', () => {
  const told = rows('rest.md', /^[A-Z_]+$/).map(([code, status]) => [code, status]);
  const elsewhere = ['SLOW_READER', 'MESSAGE_BODY_LOST'];
  const wanted = ERROR_CODES.filter((code) => !elsewhere.includes(code)).map((code) => [
    code,
    String(HTTP_STATUS[code]),
  ]);
  assert.deepEqual(told.sort(), wanted.sort());
});

test('docs/events.md has each event type and no other', () => {
  assert.deepEqual(
    rows('events.md', /^(?!type|-)\w+$/).map(([type]) => type),
    [...EVENT_TYPES],
  );
});

test('docs/supervisor.md has each frame and each close code', () => {
  const commands = rows('supervisor.md', /^(?!in$)[a-z_]+$/).map(([name]) => name);
  assert.deepEqual(commands.filter((name) => name !== 'close code').sort(), Object.keys(COMMANDS).sort());
  for (const answer of ANSWERS) assert.match(doc('supervisor.md'), new RegExp(`[\`"]${answer}[\`"]`));
  const codes = rows('supervisor.md', /^\d{4}$/).map(([code, name]) => [name, Number(code)]);
  assert.deepEqual(Object.fromEntries(codes), CLOSE_CODES);
});

test('the OpenAPI document is served as it is made, and every reference in it leads somewhere', async () => {
  const { body } = await callRest('GET', `${doors.api.restUrl}/openapi.json`);
  assert.deepEqual(body, JSON.parse(JSON.stringify(openApiDocument(ROUTES, '0.0.0-test'))));
  const { schemas } = body['components'] as { schemas: Record<string, unknown> };
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  );
  assert.deepEqual(
    [...new Set(references)].filter((name) => !Object.hasOwn(schemas, name ?? '')),
    [],
  );
  assert.ok(references.length > 20);
});

test('the OpenAPI document has each route, and each parameter of a path', () => {
  const { paths } = openApiDocument(ROUTES, '1') as {
    paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string }[] }>>;
  };
  const told = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const inPath = operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
      assert.deepEqual(
        inPath,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      );
      return `${operation.operationId} ${method}`;
    }),
  );
  assert.deepEqual(told.sort(), routes.map(({ operationId, method }) => `${operationId} ${method}`).sort());
});

test('each example of the document fits its schema, and each error of a route has one', () => {
  const schemas = routes.flatMap(({ body, answers }) => [body, ...Object.values(answers).map(({ schema }) => schema)]);
  let seen = 0;
  for (const schema of schemas) {
    for (const example of (schema?.meta()?.['examples'] as unknown[] | undefined) ?? []) {
      seen += 1;
      assert.ok(schema?.safeParse(example).success, JSON.stringify(example));
    }
  }
  assert.ok(seen > 15, `${seen} examples`);
  const { paths } = openApiDocument(ROUTES, '1') as {
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content?: Record<string, { examples?: object }> }> }>
    >;
  };
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      if (Number(status) >= 400) assert.ok(content?.['application/json']?.examples, JSON.stringify(content));
    }
  }
});

test('every JSON answer fits the schema that the document promises', async () => {
  const wish = { user_id: 'alice', project_path: '/p', session_id: 's', title: 'T', options: { model: 'm' } };
  const at = (path: string): string => path.replace(':session_id', 's').replace(':user_id', 'alice');
  await callRest('POST', `${doors.base}/sessions`, wish);
  const sent = await callRest('POST', `${doors.base}/sessions/s/messages`, { message: 'ask ls, hi' });
  const bodies: Record<string, unknown> = {
    createSession: wish,
    sendMessage: { message: 'hi' },
    trustProject: { project_path: '/p', digest: '0'.repeat(64) },
    answerInteraction: { decision: 'allow' },
    routeConversation: { from: 'alice', message: 'x', channel: 'id' },
  };
  const ordered = routes
    .filter(({ operationId }) => operationId !== 'watchEvents')
    .sort((one) => (one.method === 'delete' ? 1 : -1));
  for (const { operationId, method, path, query, answers } of ordered) {
    const shape = query?.shape ?? {};
    const ask = 'q' in shape ? '?q=hi' : path.includes('/projects/') ? '?project_path=/p' : '';
    const id = String(sent.body['message_id']);
    const url = `${doors.api.restUrl}${at(path).replace(/:(message|interaction)_id/, id)}${ask}`;
    const answer = await callRest(method.toUpperCase(), url, bodies[operationId]);
    const schema = answers[answer.status]?.schema;
    assert.ok(answer.status in answers, `${operationId} answered ${answer.status} ${answer.text}`);
    const result = schema?.safeParse(answer.body);
    assert.ok(result?.success !== false, `${operationId}: ${JSON.stringify(result?.error?.issues)} in ${answer.text}`);
  }
  assert.ok(errorBody.safeParse((await callRest('GET', `${doors.base}/sessions/none`)).body).success);
});
