import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { workflowIdOf } from '../../workflows/definitions.ts';
import { makeSystem, type System } from '../support/system.ts';
import { findBrowser, startBrowser } from '../web/support/browser.ts';

const browserPath = findBrowser();
const skip = browserPath === null ? 'no browser: apt-get install chromium' : false;

let system: System;
let browser: Browser;
/** A page of somebody else. */
let evil: Server;
let sessionId = '';

before(async () => {
  if (browserPath === null) return;
  system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator' } });
  await system.start();
  await system.cli('user', 'add', 'ann', '--admin');
  const body = { user_id: 'ann', project_path: system.project, title: 'zebra-title' };
  sessionId = String((await system.rest('POST', '/sessions', body)).body.session_id);
  await system.rest('POST', `/sessions/${sessionId}/messages`, { message: 'zebra-question' });
  evil = createServer((_req, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<title>evil</title>'));
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  browser = await startBrowser(browserPath);
});
after(async () => {
  if (browserPath === null) return;
  await browser.close();
  await new Promise((resolve) => evil.close(resolve));
  await system.remove();
});

const uiUrl = (): string => `http://127.0.0.1:${system.env.XSWARM_TEMPORAL_UI_PORT}`;

test("an operator reads a session's inputs in Temporal's Web UI", { skip }, async () => {
  const page = await browser.newPage();
  const decoded = page.waitForResponse((response) => response.url().endsWith('/temporal/codec/decode'));
  await page.goto(`${uiUrl()}/namespaces/default/workflows/${workflowIdOf(sessionId)}`);
  assert.equal((await decoded).status(), 200);
  await page.getByText('zebra-title').first().waitFor();
  await page.close();
});

test('a foreign page can neither read nor end nor start a session through any port of ours', { skip }, async () => {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
  const workflow = `/api/v1/namespaces/default/workflows/${workflowIdOf(sessionId)}`;
  const start = { workflowType: { name: 'session' }, taskQueue: { name: 'xswarm' } };
  const targets = [
    `${uiUrl()}${workflow}`,
    `${uiUrl()}${workflow}/terminate`,
    `${uiUrl()}${workflow}/signal/submit_message`,
    `${uiUrl()}/api/v1/namespaces/default/workflows/forged/signal-with-start/submit_message`,
    `http://${system.temporalAddress}/api/v1/namespaces/default/workflows/forged/signal-with-start/submit_message`,
    `${system.restUrl}/temporal/codec/decode`,
  ];
  const read = await page.evaluate(
    async ({ urls, body }) => {
      const seen: string[] = [];
      for (const url of urls) {
        for (const mode of ['no-cors', 'cors'] as const) {
          for (const method of ['GET', 'POST']) {
            const init = { method, mode, headers: { 'content-type': 'text/plain' } };
            const answer = await fetch(url, method === 'GET' ? init : { ...init, body }).catch(() => null);
            if (answer !== null && answer.type !== 'opaque') seen.push(`${method} ${mode} ${url}: ${answer.status}`);
          }
        }
      }
      return seen;
    },
    { urls: targets, body: JSON.stringify(start) },
  );
  assert.deepEqual(read, []);
  const connection = await Connection.connect({ address: system.temporalAddress });
  const { workflow: workflows } = new Client({ connection });
  assert.equal((await workflows.getHandle(workflowIdOf(sessionId)).describe()).status.name, 'RUNNING');
  await assert.rejects(workflows.getHandle('forged').describe(), WorkflowNotFoundError);
  await connection.close();
  const answer = await system.rest('POST', `/sessions/${sessionId}/messages`, { message: 'still ours' });
  assert.equal(answer.status, 200);
  await page.close();
});
