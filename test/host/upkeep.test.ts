import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Client } from '@temporalio/client';
import type { SqliteMirror } from '../../db/mirror/mirror.ts';
import type { SessionRecords } from '../../domain/session/session-record.ts';
import { dataFiles } from '../../host/config/data-folder.ts';
import { loadConfig } from '../../host/config/load.ts';
import { Upkeep } from '../../host/run/roles/upkeep.ts';
import { openService, type TestService } from '../support/api/open-service.ts';
import { at, snapshotOf } from '../support/histories.ts';
import { until } from '../support/until.ts';

const MINUTE_MS = 60_000;

/** An Upkeep over the real service, with a Temporal and a gateway that tests switch off and on. */
interface Kept extends TestService {
  temporal: { away: boolean; refusing: boolean };
  gateway: { away: boolean };
  /** `level: message` of each record. */
  logged: string[];
  dataDir: string;
  /** Aborts the signal of the process. */
  stop(): void;
  start(): Upkeep;
}

const records: SessionRecords = {
  list: async () => [{ session_id: 's', started_at: at(0), running: false }],
  record: async () => ({
    snapshot: snapshotOf({ session_id: 's', version: 2, status: 'disconnected', started_at: at(0) }),
    ended: true,
    opening: false,
    cursor: 0,
    cost_nano: 0,
    message_count: 0,
    waiting: [],
    unsent: [],
  }),
  past: async () => ({ messages: [], statuses: [], complete: true }),
};

function refusal(): Error {
  return Object.assign(new Error('7 PERMISSION_DENIED'), { code: 7, details: 'no', metadata: {} });
}

/** The mirror shows the session `s` as active; Temporal has it as ended. */
async function keep(t: TestContext): Promise<Kept> {
  const opened = openService(t);
  await opened.deps.mirror.write([{ type: 'session', snapshot: snapshotOf({ session_id: 's', started_at: at(0) }) }]);
  const dataDir = dirname(opened.db.path);
  const { config } = loadConfig({ env: {}, cwd: dataDir, dataDir });
  const logged: string[] = [];
  const note = (level: string) => (_: object, message: string) => void logged.push(`${level}: ${message}`);
  const logger = { debug() {}, info: note('info'), warn: note('warn'), error: note('error') };
  const temporal = { away: false, refusing: false };
  const gateway = { away: false };
  const client = {
    options: { namespace: 'default' },
    connection: {
      operatorService: {
        async listSearchAttributes() {
          if (temporal.away) throw new Error('Temporal is away');
          if (temporal.refusing) throw refusal();
          return { customAttributes: { XswarmUser: 2, XswarmProject: 2, XswarmStatus: 2, XswarmCostUsd: 4 } };
        },
      },
    },
    workflowService: {
      describeNamespace: async () => ({ config: { workflowExecutionRetentionTtl: { seconds: 30 * 86_400 } } }),
    },
  } as unknown as Client;
  const ending = new AbortController();
  const deps = {
    ...opened.deps,
    mirror: opened.deps.mirror as SqliteMirror,
    logger,
    retentionDays: 30,
    records,
    journal: {
      async exists() {
        if (gateway.away) throw new Error('the gateway is away');
        return false;
      },
      async *sessions() {},
      async *events() {},
    },
  };
  const secrets = { gatewayToken: '', supervisorToken: '', internalToken: '' };
  const options = { config, dataDir, secrets, env: {}, version: 'test', logger, signal: ending.signal };
  return {
    ...opened,
    temporal,
    gateway,
    logged,
    dataDir,
    stop: () => ending.abort(),
    start() {
      const upkeep = new Upkeep({ ...options, client, deps, startedAt: new Date() });
      t.after(() => {
        ending.abort();
        upkeep.end();
      });
      return upkeep;
    },
  };
}

function statusOf({ db }: Kept): unknown {
  return db.$client.prepare(`SELECT status FROM claude_code_sessions WHERE id = 's'`).pluck().get();
}

async function logs({ logged }: Kept, text: string): Promise<void> {
  await until(`the log has "${text}"`, () => logged.some((line) => line.includes(text)), { seen: () => logged });
}

async function finishes({ dataDir, logged }: Kept): Promise<void> {
  await until('the mirror is reconciled', () => existsSync(dataFiles.boot(dataDir)), { seen: () => logged });
}

test('Upkeep corrects the mirror once Temporal and then the gateway can be reached, and reports each wait once', async (t) => {
  const kept = await keep(t);
  kept.temporal.away = true;
  kept.gateway.away = true;
  kept.start();
  await logs(kept, 'waiting for Temporal');
  assert.equal(statusOf(kept), 'active');
  kept.temporal.away = false;
  await logs(kept, 'waiting for the gateway');
  assert.equal(statusOf(kept), 'disconnected');
  kept.gateway.away = false;
  await finishes(kept);
  assert.deepEqual(kept.logged, [
    'info: waiting for Temporal',
    'warn: the mirror lacked what Temporal has',
    'info: waiting for the gateway',
  ]);
});

test('Upkeep reports once that Temporal refuses to prepare the namespace, and catches up all the same', async (t) => {
  const kept = await keep(t);
  kept.temporal.refusing = true;
  kept.start();
  await finishes(kept);
  assert.equal(statusOf(kept), 'disconnected');
  assert.equal(kept.logged.filter((line) => line.includes('does not allow us to prepare the namespace')).length, 1);
});

test('Upkeep logs no error and changes nothing after the process was told to end', async (t) => {
  const kept = await keep(t);
  kept.temporal.away = true;
  kept.start();
  await logs(kept, 'waiting for Temporal');
  kept.stop();
  kept.temporal.away = false;
  // One that starts later is done after everything that the first one could still have done.
  const later = await keep(t);
  later.start();
  await finishes(later);
  assert.deepEqual(kept.logged, ['info: waiting for Temporal']);
  assert.equal(statusOf(kept), 'active');
});

test('Upkeep compares the places with Temporal once a minute, and begins no round while one is under way', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const kept = await keep(t);
  let rounds = 0;
  let release = (): void => undefined;
  kept.workflows.listRunning = async () => {
    rounds += 1;
    // The round at the start is over at once, the later ones when the test says so.
    if (rounds > 1) await new Promise<void>((resolve) => (release = resolve));
    return [];
  };
  const upkeep = kept.start();
  await finishes(kept);
  t.mock.timers.tick(MINUTE_MS);
  t.mock.timers.tick(MINUTE_MS);
  assert.equal(rounds, 2);
  release();
  await until('the next round begins', () => {
    t.mock.timers.tick(MINUTE_MS);
    return rounds === 3;
  });
  release();
  upkeep.end();
  t.mock.timers.tick(MINUTE_MS);
  assert.equal(rounds, 3);
});
