import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { AgentPool } from '../../../gateway/agents/agent-pool.ts';
import type { PoolMember } from '../../../gateway/agents/agent-pool.ts';
import { AgentSlot } from '../../../gateway/agents/agent-slot.ts';
import type { LaunchWish } from '../../../gateway/agents/agent-slot.ts';
import type { Agent, AgentDriver, AgentReport } from '../../../gateway/drivers/driver.ts';
import { makeJournal } from '../../../gateway/journal/journal.ts';
import type { Journal } from '../../../gateway/journal/journal.ts';
import { openJournalDb } from '../../../gateway/journal/open-journal.ts';
import type { LaunchDeps } from '../../../gateway/agents/launch-agent.ts';
import { WarmAgents } from '../../../gateway/agents/warm-agents.ts';
import { until } from '../../support/until.ts';

const quiet = (): void => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const agent = (): Agent => ({
  warmUp: async () => undefined,
  pid: null,
  busy: false,
  send: quiet,
  goOn: quiet,
  interrupt: async () => undefined,
  stop: async () => undefined,
});
const wish = (): LaunchWish => ({
  loads_project: false,
  session_id: randomUUID(),
  project_path: '/p',
  conversation: { id: randomUUID(), established: false, counters: {} },
  options: {},
  earlierMessages: () => [],
});
const member = (): PoolMember => ({ idleSince: () => null, evict: quiet });

describe('agents that change hands', () => {
  let dir: string;
  let journal: Journal;
  let pool: AgentPool;
  let starts: number;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'xswarm-warm-'));
    journal = makeJournal(openJournalDb(dir, 'normal'));
    pool = new AgentPool({ maxAgents: 9, maxParallelStarts: 2 });
    starts = 0;
  });
  afterEach(async () => {
    journal.close();
    await rm(dir, { recursive: true, force: true });
  });

  function deps(fingerprint: () => Promise<string>): LaunchDeps {
    const driver: AgentDriver = {
      name: 'claude',
      simulated: false,
      usesProcesses: true,
      settingsOf: null,
      ahead: { fingerprint, isNew: async () => true },
      async start() {
        starts += 1;
        return agent();
      },
      hasConversation: async () => true,
      inspect: () => assert.fail('nothing is cut off here'),
    };
    return { driver, pool, journal, logger };
  }

  test('two sessions that begin at once do not get the same agent', async () => {
    let settle: () => void = quiet;
    let fingerprint = Promise.resolve('same');
    const warm = new WarmAgents(
      deps(() => fingerprint),
      1,
    );
    warm.foresee(wish());
    await until('one agent was started ahead', () => warm.all().length === 1);
    fingerprint = new Promise((resolve) => (settle = () => resolve('same')));
    const claims = [warm.claim(wish(), member()), warm.claim(wish(), member())];
    await new Promise((resolve) => setTimeout(resolve, 5));
    settle();
    const got = (await Promise.all(claims)).filter((claimed) => claimed !== null);
    assert.equal(got.length, 1);
    await warm.shutDown();
  });

  test('a session whose agent ends while it changes hands gets another one', async () => {
    const reports: AgentReport[] = [];
    const claim: WarmAgents['claim'] = async ({ conversation }, place) => {
      pool.reserve(place);
      return {
        agent: agent(),
        conversation,
        since: 't',
        attach: (report) => report({ type: 'exited', reason: 'killed' }),
      };
    };
    const slot = new AgentSlot({
      ...deps(async () => ''),
      warm: Object.assign(
        new WarmAgents(
          deps(async () => ''),
          0,
        ),
        { claim },
      ),
      report: (report) => reports.push(report),
      idleSince: () => null,
      evict: quiet,
      adopt: quiet,
    });
    assert.notEqual(await slot.ensure(wish()), null);
    assert.deepEqual([starts, pool.size, slot.since === null], [1, 1, false]);
  });
});
