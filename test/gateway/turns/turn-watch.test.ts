import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { Failure } from '../../../domain/session/session.ts';
import type { AgentReport } from '../../../gateway/drivers/driver.ts';
import { hasWorked, sampleTree } from '../../../gateway/processes/process-activity.ts';
import type { ProcessInfo } from '../../../gateway/processes/process-table.ts';
import { noSigns, noteReport, TurnWatch } from '../../../gateway/turns/turn-watch.ts';
import type { SignsOfLife } from '../../../gateway/turns/turn-watch.ts';

const AGENT = 100;
const agentProcess = (cpuMs: number): ProcessInfo => ({ pid: AGENT, parent: 1, bornAt: 0, cpuMs });
const quiet = (): void => undefined;
const tool = (type: 'tool_started' | 'tool_finished', tool: string): AgentReport => {
  const about = { timestamp: '', message_id: 'm', tool_use_id: 'u', summary: '' };
  const event = type === 'tool_started' ? { type, ...about, tool } : { type, ...about, is_error: false };
  return { type: 'progress', event };
};

interface Watching {
  given: Failure[];
  session: {
    running: object | null;
    signs: SignsOfLife;
    row: { session_id: string; options: { turn_limit_seconds?: number } };
  };
  processes: ProcessInfo[] | null;
  /** Lets time go by, with a check each second. */
  pass(seconds: number, each?: () => void): Promise<void>;
}

/** A session whose turn begins now, watched with a stall limit of 20 s and a turn limit of 300 s. */
async function watching(body: (watching: Watching) => Promise<void>, pid: number | null = AGENT): Promise<void> {
  mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  try {
    const given: Failure[] = [];
    const session = {
      row: { session_id: 's', options: {} },
      running: {} as object | null,
      slot: { agent: { pid } },
      signs: noSigns(Date.now()),
      giveUp: (why: Failure) => void given.push(why),
    };
    const world = { processes: [agentProcess(0)] as ProcessInfo[] | null };
    const watch = new TurnWatch({
      sessions: () => [session],
      listProcesses: async () => world.processes,
      stallMs: 20_000,
      turnLimitMs: 300_000,
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    await watch.check();
    const scene: Watching = {
      given,
      session,
      get processes() {
        return world.processes;
      },
      set processes(next) {
        world.processes = next;
      },
      async pass(seconds, each) {
        for (let second = 0; second < seconds; second += 1) {
          mock.timers.tick(1000);
          each?.();
          await watch.check();
        }
      },
    };
    await body(scene);
  } finally {
    mock.timers.reset();
  }
}

test('an agent without output, processor time and tools is given up, once, with the reason', () =>
  watching(async (scene) => {
    await scene.pass(19);
    assert.equal(scene.given.length, 0);
    await scene.pass(20);
    const message = 'The agent showed no sign of work for 20 s: no output, no processor time, no running tool';
    assert.deepEqual(scene.given, [{ code: 'TURN_STALLED', message }]);
  }));

test('what an idle Claude Code computes is no sign of work, what a working one computes is', () =>
  watching(async (scene) => {
    let cpu = 0;
    await scene.pass(60, () => (scene.processes = [agentProcess((cpu += 300))]));
    assert.equal(scene.given.length, 0);
    await scene.pass(40, () => (scene.processes = [agentProcess((cpu += 20))]));
    assert.equal(scene.given[0]?.code, 'TURN_STALLED');
  }));

test('a tool that runs is work however quiet it is; what was there before the tools is not', () =>
  watching(async (scene) => {
    const child = (bornAt: number): ProcessInfo => ({ pid: 7, parent: AGENT, bornAt, cpuMs: 0 });
    scene.session.signs = noteReport(scene.session.signs, tool('tool_started', 'Bash'), Date.now());
    scene.processes = [agentProcess(0), child(Date.now())];
    await scene.pass(200);
    assert.equal(scene.given.length, 0);
    scene.processes = [agentProcess(0), child(5)];
    await scene.pass(40);
    assert.equal(scene.given[0]?.code, 'TURN_STALLED');
  }));

test('a call of an MCP server is work until it comes back', () =>
  watching(async (scene) => {
    scene.session.signs = noteReport(scene.session.signs, tool('tool_started', 'mcp__maps__find'), Date.now());
    await scene.pass(100);
    assert.equal(scene.given.length, 0);
    scene.session.signs = noteReport(scene.session.signs, tool('tool_finished', ''), Date.now());
    await scene.pass(40);
    assert.equal(scene.given[0]?.code, 'TURN_STALLED');
  }));

test('output is a sign of work, and each turn begins anew', () =>
  watching(async (scene) => {
    const delta: AgentReport = { type: 'delta', message_id: 'm', text: 'x' };
    await scene.pass(60, () => (scene.session.signs = noteReport(scene.session.signs, delta, Date.now())));
    await scene.pass(15);
    scene.session.running = {};
    await scene.pass(15);
    scene.session.running = null;
    await scene.pass(100);
    assert.equal(scene.given.length, 0);
  }));

test('where the system does not show its processes a quiet agent is left alone, up to the limit of a turn', () =>
  watching(async (scene) => {
    scene.processes = null;
    await scene.pass(299);
    assert.equal(scene.given.length, 0);
    await scene.pass(2);
    assert.equal(scene.given[0]?.code, 'TURN_TIMED_OUT');
  }));

test('the limit of a turn is the session’s own where it has one, and 0 is none', () =>
  watching(async (scene) => {
    const talk: AgentReport = { type: 'delta', message_id: 'm', text: 'x' };
    const talking = (): void => void (scene.session.signs = noteReport(scene.session.signs, talk, Date.now()));
    scene.session.row.options.turn_limit_seconds = 0;
    await scene.pass(400, talking);
    assert.equal(scene.given.length, 0);
    scene.session.row.options.turn_limit_seconds = 30;
    await scene.pass(1, talking);
    const message = 'The turn took longer than its limit of 30 s';
    assert.deepEqual(scene.given, [{ code: 'TURN_TIMED_OUT', message }]);
  }));

test('sampleTree() adds up what descends from a process, and hasWorked() sees that something ended', () => {
  const processes: ProcessInfo[] = [
    { pid: 3, parent: 2, bornAt: 90, cpuMs: 30 },
    agentProcess(5),
    { pid: 2, parent: AGENT, bornAt: 0, cpuMs: 10 },
    { pid: 9, parent: 1, bornAt: 99, cpuMs: 1000 },
  ];
  assert.deepEqual(sampleTree(processes, AGENT, null, 7), { at: 7, cpuMs: 45, hasNew: false });
  assert.equal(sampleTree(processes, AGENT, 80, 7)!.hasNew, true);
  assert.equal(sampleTree(processes, 55, 80, 7), null);
  const sample = (at: number, cpuMs: number): { at: number; cpuMs: number; hasNew: boolean } => ({
    at,
    cpuMs,
    hasNew: false,
  });
  assert.equal(hasWorked(sample(1000, 10), sample(0, 45)), true);
  assert.equal(hasWorked(sample(1000, 65), sample(0, 45)), false);
  assert.equal(hasWorked(sample(1000, 65), null), false);
});
