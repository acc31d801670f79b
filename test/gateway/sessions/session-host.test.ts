import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { AgentEvent } from '../../../domain/session/event.ts';
import { XswarmError } from '../../../domain/errors.ts';
import type { TurnResult } from '../../../domain/session/turn.ts';
import { AgentPool } from '../../../gateway/agents/agent-pool.ts';
import type {
  Agent,
  AgentDriver,
  AgentRequest,
  CutAttempt,
  TurnEnd,
  TurnRecord,
} from '../../../gateway/drivers/driver.ts';
import { makeJournal } from '../../../gateway/journal/journal.ts';
import type { Journal } from '../../../gateway/journal/journal.ts';
import { JournalWriter } from '../../../gateway/journal/journal-writer.ts';
import { openJournalDb } from '../../../gateway/journal/open-journal.ts';
import type { SessionHost } from '../../../gateway/sessions/session-host.ts';
import { WarmAgents } from '../../../gateway/agents/warm-agents.ts';
import { SessionRegistry } from '../../../gateway/sessions/session-registry.ts';

/** What a scripted agent does with each message that it is handed, in order; `hang` after that. */
type Move = 'answer' | 'die' | 'die after text' | 'consume' | 'hang' | 'hang deaf';

const NOTHING: TurnRecord = {
  found: 'nothing',
  recorded: false,
  booked: null,
  cost_nano: null,
  usage: [],
  remark: null,
};
interface Script {
  record?: TurnRecord;
  startError?: Error;
  /** The start, counted from 1, that fails. */
  failingStart?: number;
  /** The start, counted from 1, that never comes to its end. */
  hangingStart?: number;
  onInterrupt?: 'continue' | undefined;
  /** How often the record cannot be read. */
  unreadable?: number;
  /** The conversation that the agent begins instead of the session's own. */
  newConversation?: string;
}

/** A record that has the message. */
const FOUND = { recorded: true, booked: { counters: {}, booked_lines: 7 }, failure: null, usage: [], remark: null };

describe('SessionHost', () => {
  let dir: string;
  let journal: Journal;
  let host: SessionHost;
  let handed: string[];
  let starts: AgentRequest[];
  let wentOn: [string, CutAttempt][];
  // The gateway's own timers do not keep a process alive; its sockets do, and here are none.
  let alive: NodeJS.Timeout;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'xswarm-host-'));
    journal = makeJournal(openJournalDb(dir, 'normal'));
    alive = setInterval(() => undefined, 1000);
  });
  afterEach(async () => {
    clearInterval(alive);
    await host.shutDown(0);
    journal.close();
    await rm(dir, { recursive: true, force: true });
  });

  async function begin(moves: Move[], more: Script = {}): Promise<void> {
    handed = [];
    starts = [];
    wentOn = [];
    const quiet = (): void => undefined;
    const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    const driver = scriptedDriver(moves, more);
    const pool = new AgentPool({ maxAgents: 4, maxParallelStarts: 2 });
    const registry = new SessionRegistry({
      driver,
      pool,
      journal,
      writer: new JournalWriter(journal, (error) => assert.fail(error)),
      warm: new WarmAgents({ driver, pool, journal, logger }, 0),
      logger,
      defaults: {},
      maxPermissionMode: 'bypassPermissions',
      interruptLimitMs: 50,
    });
    const options = more.onInterrupt === undefined ? {} : { on_interrupt: more.onInterrupt };
    host = await registry.findOrBegin({ session_id: 's', epoch: 1, project_path: dir, options });
  }

  function scriptedDriver(
    moves: Move[],
    { record = NOTHING, startError, failingStart, hangingStart, unreadable = 0, newConversation }: Script,
  ): AgentDriver {
    let failures = 0;
    return {
      name: 'claude',
      simulated: false,
      usesProcesses: true,
      settingsOf: null,
      ahead: null,
      hasConversation: async () => true,
      // What is booked already costs nothing more.
      async inspect({ booked_lines }) {
        if ((failures += 1) <= unreadable) throw new Error('too many open files');
        return booked_lines !== undefined && booked_lines === record.booked?.booked_lines
          ? { ...record, cost_nano: null }
          : record;
      },
      async start(request) {
        starts.push(request);
        if (startError !== undefined) throw startError;
        if (starts.length === failingStart) throw new XswarmError('AGENT_UNREACHABLE', 'no place');
        if (newConversation !== undefined) {
          request.conversation = { ...request.conversation, id: newConversation };
          request.report({ type: 'conversation', conversation: request.conversation });
        }
        if (starts.length === hangingStart) await new Promise(() => undefined);
        let over = false;
        let hung: string | null = null;
        let deaf = false;
        const exit = (reason: string): void => {
          if (over) return;
          over = true;
          request.report({ type: 'exited', reason });
        };
        const end = (message_id: string, change: Partial<TurnEnd>): void => {
          const whole: TurnEnd = { message_id, outcome: 'done', content: 'ok', failure: null, cost_nano: 1, usage: [] };
          hung = null;
          const { conversation } = request;
          request.report({ type: 'ended', end: { ...whole, ...change }, conversation, remark: null, began_at: null });
        };
        const agent: Agent = {
          warmUp: async () => undefined,
          pid: null,
          get busy() {
            return hung !== null;
          },
          goOn(message, cut) {
            wentOn.push([message.message_id, cut]);
            agent.send(message);
          },
          send({ message_id }) {
            handed.push(message_id);
            const move = moves.shift() ?? 'hang';
            if (move === 'answer') return end(message_id, {});
            if (move === 'consume') return request.report({ type: 'consumed', message_id });
            if (move === 'die after text') {
              const timestamp = new Date().toISOString();
              request.report({ type: 'progress', event: { type: 'text', timestamp, message_id, text: 'half' } });
            }
            if (move.startsWith('die')) return exit('it died');
            hung = message_id;
            deaf = move === 'hang deaf';
          },
          async interrupt() {
            const failure = { code: 'INTERRUPTED', message: 'interrupted' };
            if (hung !== null && !deaf) end(hung, { outcome: 'failed', failure });
          },
          stop: async () => exit('stopped'),
        };
        return agent;
      },
    };
  }

  function resultOf(id: string): Promise<TurnResult> {
    return new Promise((resolve) => {
      const look = (event: AgentEvent): void => {
        if (event.type === 'result' && event.turn.message_id === id) resolve(event.turn);
      };
      for (const { event } of journal.events('s', 0, 1000)) look(event);
      const before = host.listener;
      host.listener = {
        event(seq, event) {
          before?.event(seq, event);
          look(event);
        },
        delta: () => undefined,
      };
    });
  }

  async function ask(content = 'x'): Promise<TurnResult> {
    const message_id = randomUUID();
    const result = resultOf(message_id);
    await host.accept({ message_id, content });
    return result;
  }

  test('hands a message over again when the agent died without a trace, and settles it once', async () => {
    await begin(['die', 'die', 'answer']);
    assert.equal((await ask()).outcome, 'done');
    assert.equal(new Set(handed).size, 1);
    assert.equal(handed.length, 3);
  });

  test('gives a message up that no agent survives', async () => {
    await begin(['die', 'die', 'die', 'answer']);
    const turn = await ask();
    assert.deepEqual([turn.outcome, turn.failure?.code, handed.length], ['failed', 'AGENT_UNREACHABLE', 3]);
    assert.equal((await ask()).outcome, 'done');
  });

  test('does not repeat a turn that left a trace', async () => {
    await begin(['die after text', 'answer']);
    const turn = await ask();
    assert.deepEqual([turn.outcome, turn.content, handed.length], ['unknown', 'half', 1]);
  });

  test('a message that the agent knew already ends, though no result comes', async () => {
    await begin(['consume', 'answer']);
    assert.equal((await ask()).outcome, 'unknown');
    assert.equal((await ask()).outcome, 'done');
  });

  test("takes the agent's own record for the proof of an end", async () => {
    await begin(['die after text'], {
      record: { found: 'finished', content: 'whole', cost_nano: 5, ...FOUND },
    });
    const turn = await ask();
    assert.deepEqual([turn.outcome, turn.content, turn.cost_nano], ['done', 'whole', 5]);
  });

  test('on_interrupt = continue starts an agent that goes on, and adds up what both attempts cost', async () => {
    const record: TurnRecord = { found: 'partial', content: 'half', cost_nano: 5, ...FOUND };
    await begin(['die after text', 'answer'], { onInterrupt: 'continue', record });
    const turn = await ask();
    assert.deepEqual([turn.outcome, turn.cost_nano, starts.length], ['done', 6, 2]);
    const [[messageId, cut] = ['', null]] = wentOn;
    assert.deepEqual([messageId, wentOn.length, cut?.attempt, cut?.recorded], [turn.message_id, 1, 2, true]);
    assert.deepEqual(
      cut?.seen.map((event) => event.type === 'text' && event.text),
      ['half'],
    );
  });

  test('what a turn carries is not booked again when the gateway dies right behind', async () => {
    const record: TurnRecord = { found: 'partial', content: 'half', cost_nano: 5, ...FOUND };
    await begin(['die after text'], { onInterrupt: 'continue', record, hangingStart: 2 });
    void ask();
    // The first gateway is dead from here: what it had to write is written.
    while (starts.length < 2 || !host.log.isWritten) await new Promise((resolve) => setTimeout(resolve, 5));
    await begin(['answer'], { onInterrupt: 'continue', record });
    host.resume();
    const [{ message_id } = { message_id: '' }] = journal.unfinishedTurns('s');
    const turn = await resultOf(message_id);
    assert.deepEqual([turn.outcome, turn.cost_nano, wentOn.length], ['done', 6, 1]);
  });

  test('a turn that was cut off and for which no further agent can be had is unknown, with what there was', async () => {
    const record: TurnRecord = { found: 'partial', content: 'half', cost_nano: 5, ...FOUND };
    await begin(['die after text', 'answer'], { onInterrupt: 'continue', record, failingStart: 2 });
    const turn = await ask();
    assert.deepEqual(
      [turn.outcome, turn.failure?.code, turn.content, turn.cost_nano],
      ['unknown', 'TURN_UNKNOWN', 'half', 5],
    );
    assert.match(turn.failure!.message, /could not go on with it \(no place\)/);
    assert.equal((await ask()).outcome, 'done');
  });

  test('a turn that cannot be noted as running is not handed over until it can', async () => {
    await begin(['answer', 'answer']);
    const saveTurn = journal.saveTurn.bind(journal);
    let tries = 0;
    journal.saveTurn = (row) => {
      tries += 1;
      assert.equal(handed.length, 1);
      if (tries === 1) throw new Error('disk full');
      saveTurn(row);
    };
    const ids = [randomUUID(), randomUUID()];
    await Promise.all(ids.map((message_id) => host.accept({ message_id, content: 'x' })));
    await resultOf(ids[1]!);
    assert.deepEqual([tries, handed], [2, ids]);
  });

  test('of messages that come at once only the first is noted as running', async () => {
    await begin(['hang']);
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    await Promise.all(ids.map((message_id) => host.accept({ message_id, content: 'x' })));
    const states = journal.unfinishedTurns('s').map(({ state, attempts }) => [state, attempts]);
    assert.deepEqual(states, [
      ['running', 1],
      ['accepted', 0],
      ['accepted', 0],
    ]);
  });

  test('a record that cannot be read now proves nothing: it is read again before anything is decided', async () => {
    const record: TurnRecord = { found: 'finished', content: 'whole', cost_nano: 5, ...FOUND };
    await begin(['die'], { record, unreadable: 1 });
    const turn = await ask();
    assert.deepEqual([turn.outcome, turn.content, handed.length], ['done', 'whole', 1]);
  });

  test('an agent of another conversation does not start before that is written', async () => {
    await begin(['answer'], { newConversation: 'other' });
    const saveConversation = journal.saveConversation.bind(journal);
    journal.saveConversation = () => assert.fail('disk full');
    const ids = [randomUUID(), randomUUID()];
    await host.accept({ message_id: ids[0]!, content: 'x' });
    while (starts.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    journal.saveConversation = saveConversation;
    assert.equal((await resultOf(ids[0]!)).failure?.code, 'AGENT_UNREACHABLE');
    assert.deepEqual(handed, []);
    await host.accept({ message_id: ids[1]!, content: 'x' });
    assert.equal((await resultOf(ids[1]!)).outcome, 'done');
    assert.equal(journal.session('s')?.conversation.id, 'other');
  });

  test('a session that is opened again while it closes keeps its new agent', async () => {
    await begin(['hang deaf', 'answer']);
    const turn = ask();
    while (handed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const closing = host.close('the session ended');
    host.row = { ...host.row, epoch: 2, state: 'open' };
    const next = ask();
    await closing;
    assert.deepEqual([(await turn).failure?.code, (await next).outcome], ['SESSION_CLOSED', 'done']);
    assert.notEqual(host.slot.agent, null);
  });

  test('an agent that does not start fails the turn with its words and is tried again for the next', async () => {
    await begin([], { startError: new XswarmError('AGENT_UNREACHABLE', 'Claude Code did not start: no') });
    const turn = await ask();
    assert.deepEqual(
      [turn.outcome, turn.failure, turn.cost_nano],
      ['failed', { code: 'AGENT_UNREACHABLE', message: 'Claude Code did not start: no' }, 0],
    );
    await ask();
    assert.equal(starts.length, 2);
  });

  test('an agent that does not obey an interrupt is ended, and the turn is interrupted all the same', async () => {
    await begin(['hang deaf', 'answer']);
    const turn = ask();
    while (handed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(host.interrupt(), true);
    assert.deepEqual([(await turn).outcome, (await turn).failure?.code], ['failed', 'INTERRUPTED']);
    assert.equal((await ask()).outcome, 'done');
  });

  test('an unexpected end of the agent is told', async () => {
    await begin(['die', 'answer']);
    await ask();
    const notices = journal.events('s', 0, 100).flatMap(({ event }) => (event.type === 'notice' ? [event.text] : []));
    assert.ok(notices.some((text) => text.includes('ended unexpectedly: it died')));
  });

  test('whatever the agent does, each message has one result, in order, and the numbers have no hole', async () => {
    const move = fc.constantFrom<Move>('answer', 'die', 'die after text', 'consume', 'answer');
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 6 }), fc.boolean(), async (moves, goesOn) => {
        journal.close();
        await rm(dir, { recursive: true, force: true });
        dir = await mkdtemp(join(tmpdir(), 'xswarm-host-'));
        journal = makeJournal(openJournalDb(dir, 'normal'));
        const onInterrupt = goesOn ? 'continue' : undefined;
        await begin([...moves, ...Array.from({ length: 20 }, () => 'answer' as const)], { onInterrupt });
        const ids = Array.from({ length: 4 }, () => randomUUID());
        const last = resultOf(ids.at(-1)!);
        await Promise.all(
          [...ids, ids[0]!, ids[2]!].map((message_id) => host.accept({ message_id, content: message_id })),
        );
        await last;
        const events = journal.events('s', 0, 1000);
        const settled = events.flatMap(({ event }) => (event.type === 'result' ? [event.turn.message_id] : []));
        assert.deepEqual(settled, ids);
        assert.deepEqual(
          events.map(({ seq }) => seq),
          events.map((_, index) => index + 1),
        );
        assert.deepEqual(journal.unfinishedTurns('s'), []);
      }),
      { numRuns: 40 },
    );
  });
});
