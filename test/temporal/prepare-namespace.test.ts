import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Client } from '@temporalio/client';
import { prepareNamespace } from '../../temporal/prepare-namespace.ts';
import { startTemporalEnv, type TemporalEnv } from '../support/temporal/temporal-env.ts';

const DAY_SECONDS = 86_400;

let temporal: TemporalEnv;
before(async () => {
  temporal = await startTemporalEnv();
});
after(async () => {
  await temporal.stop();
});

async function retentionDays(client: Client): Promise<number> {
  const { config } = await client.workflowService.describeNamespace({ namespace: client.options.namespace });
  return Number(config?.workflowExecutionRetentionTtl?.seconds) / DAY_SECONDS;
}

test('prepareNamespace() sets the retention of a namespace that is ours', async () => {
  const { client } = temporal.env;
  assert.equal(await prepareNamespace(client, { retentionDays: 12 }), 'prepared');
  assert.equal(await retentionDays(client), 12);
});

test('prepareNamespace() leaves the retention of a shared namespace as it is', async () => {
  const { client } = temporal.env;
  await prepareNamespace(client, { retentionDays: 9 });
  assert.equal(await prepareNamespace(client, { retentionDays: null }), 'prepared');
  assert.equal(await retentionDays(client), 9);
});

test('prepareNamespace() reports that the server does not allow it, instead of failing', async () => {
  const refusal = Object.assign(new Error('7 PERMISSION_DENIED'), { code: 7, details: 'no', metadata: {} });
  const refusing = {
    options: { namespace: 'shared' },
    connection: { operatorService: { listSearchAttributes: () => Promise.reject(refusal) } },
  } as unknown as Client;
  assert.equal(await prepareNamespace(refusing, { retentionDays: null }), 'refused');
});
