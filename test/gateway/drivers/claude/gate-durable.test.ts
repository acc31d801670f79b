import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Options } from '@anthropic-ai/claude-agent-sdk';
import type { GateSettings } from '../../../../gateway/drivers/claude/gate/gate.ts';
import { GatedAgent } from '../../../support/gateway/gated-agent.ts';
import { callTool, say, startMessagesApi } from '../../../support/gateway/messages-api.ts';
import type { ApiCall, ApiReply, MessagesApi, ReplyBlock } from '../../../support/gateway/messages-api.ts';
import { pidsOf } from '../../../support/machine/processes.ts';
import { until } from '../../../support/until.ts';

describe('a call that waits for a person while no process runs', () => {
  let api: MessagesApi;
  let agent: GatedAgent;
  before(async () => (api = await startMessagesApi()));
  after(async () => await api.close());
  afterEach(async () => await agent.close());

  /** An agent whose model answers a message with these blocks, and a tool's result with `done`. */
  async function open(blocks: ReplyBlock[], settings?: Partial<GateSettings>, more?: Options): Promise<void> {
    agent = await GatedAgent.create(api, settings, more);
    script((call) => (hasResult(call) ? say('done') : { blocks }));
  }
  function script(handler: (call: ApiCall) => ApiReply): void {
    api.on(agent.conversation, handler);
  }
  const use = (name: string, input: object): ReplyBlock => ({ type: 'tool_use', name, input });
  const bash = (command: string): ReplyBlock => use('Bash', { command });
  const calls = (): ApiCall[] => api.calls.filter(({ conversation }) => conversation === agent.conversation);
  const read = (name: string): string => {
    const path = join(agent.project, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  const running = (): number[] => pidsOf(`claude .*${agent.conversation}`);

  test('Bash: only the changed command runs, once, and the model sees the whole conversation', async () => {
    await open([bash('echo asked >> log')]);
    await agent.putOff('go');
    assert.deepEqual([running(), read('log'), agent.port.asked.length], [[], '', 1]);
    const [asked] = agent.port.asked;
    assert.ok(asked?.kind === 'permission' && asked.wait === 'durable');
    assert.equal(asked.detail.summary, 'echo asked >> log');
    assert.equal(agent.gate.deferred, asked.tool_use_id);

    agent.port.answer({ decision: 'allow', updated_input: { command: 'echo changed >> log' } });
    const result = await agent.carryOn();
    assert.equal(result.result, 'done');
    assert.equal(read('log'), 'changed\n');
    assert.equal(agent.port.runs.length, 1);
    const [run] = agent.port.runs;
    assert.deepEqual(
      [run!.tool, run!.error, (run!.input as { command: string }).command],
      ['Bash', null, 'echo changed >> log'],
    );
    assert.equal(typeof run!.duration_ms, 'number');

    const [first, second, ...others] = calls();
    assert.equal(others.length, 0);
    for (const part of ['system', 'tools'])
      assert.equal(JSON.stringify(second!.body[part]), JSON.stringify(first!.body[part]), part);
    const said = (call: ApiCall): string[] =>
      (call.body.messages as unknown[]).map((message) => JSON.stringify(unmarked(message)));
    assert.deepEqual(said(second!).slice(0, said(first!).length), said(first!));
    assert.match(second!.transcript.join('\n'), /user: go[\s\S]*tool_use: Bash/);
  });

  test('Bash: denied with a reason, nothing runs and the model reads the reason', async () => {
    await open([bash('echo asked >> log')]);
    await agent.putOff('go');
    agent.port.answer({ decision: 'deny', reason: 'Not on a Friday' });
    await agent.carryOn();
    assert.equal(read('log'), '');
    assert.match(calls().at(-1)!.transcript.join('\n'), /tool_result: .*Not on a Friday/);
  });

  test('Bash: denied and stopped, nothing runs, no call of the API is made, and the session can be used', async () => {
    await open([bash('echo asked >> log')]);
    await agent.putOff('go');
    agent.port.answer({ decision: 'deny_and_stop' });
    const result = await agent.carryOn();
    assert.match(result.terminal_reason ?? '', /^aborted/);
    assert.deepEqual([read('log'), calls().length], ['', 1]);
    script(() => say('still here'));
    agent.send('and now?');
    assert.equal((await agent.result(agent.results.length + 1)).result, 'still here');
  });

  test('Bash allowed for the session: a new process gets the rule, and the next such call is not asked', async () => {
    await open([bash('touch one')]);
    await agent.putOff('go');
    agent.port.answer({ decision: 'allow_session', rule: 'Bash(touch *)' });
    agent.settings.sessionRules.push('Bash(touch *)');
    await agent.carryOn();
    script((call) => (call.afterTool ? say('done') : { blocks: [bash('touch two')] }));
    agent.send('again');
    await agent.result(agent.results.length + 1);
    assert.deepEqual([agent.port.asked.length, existsSync(join(agent.project, 'two'))], [1, true]);
  });

  test('Write: the file is written after the approval, with the changed content', async () => {
    agent = await GatedAgent.create(api);
    const file_path = join(agent.project, 'a.txt');
    script((call) => (hasResult(call) ? say('done') : callTool('Write', { file_path, content: 'asked' })));
    await agent.putOff('go');
    assert.equal(read('a.txt'), '');
    agent.port.answer({ decision: 'allow', updated_input: { file_path, content: 'changed' } });
    await agent.carryOn();
    assert.equal(read('a.txt'), 'changed');
  });

  test('AskUserQuestion with two questions: the answers reach the model', async () => {
    const ask = (question: string, multiSelect: boolean): object => ({
      question,
      header: 'h',
      multiSelect,
      options: ['Red', 'Blue'].map((label) => ({ label, description: label })),
    });
    await open([use('AskUserQuestion', { questions: [ask('Which colours?', true), ask('Which one first?', false)] })]);
    await agent.putOff('go');
    const [asked] = agent.port.asked;
    assert.ok(asked?.kind === 'question');
    assert.deepEqual(
      asked.detail.questions.map(({ question, multi_select }) => [question, multi_select]),
      [
        ['Which colours?', true],
        ['Which one first?', false],
      ],
    );
    agent.port.answer({ answers: { 'Which colours?': 'Red, Blue', 'Which one first?': 'neither' } });
    await agent.carryOn();
    const told = calls().at(-1)!.transcript.join('\n');
    assert.match(told, /"Which colours\?"="Red, Blue"/);
    assert.match(told, /"Which one first\?"="neither"/);
  });

  test('AskUserQuestion answered in other words: the model reads them', async () => {
    const options = ['Red', 'Blue'].map((label) => ({ label, description: label }));
    await open([
      use('AskUserQuestion', { questions: [{ question: 'Which?', header: 'h', multiSelect: false, options }] }),
    ]);
    await agent.putOff('go');
    agent.port.answer({ response: 'I would rather discuss it first' });
    await agent.carryOn();
    assert.match(calls().at(-1)!.transcript.join('\n'), /The user responded: I would rather discuss it first/);
  });

  test('ExitPlanMode: approved with a mode and another plan, the mode holds and the plan reaches the model', async () => {
    await open([use('ExitPlanMode', { plan: 'unused' })], { mode: 'plan' });
    await agent.putOff('go');
    assert.equal(agent.port.asked[0]?.kind, 'plan');
    agent.port.answer({ decision: 'approve', permission_mode: 'acceptEdits', plan: 'My own plan' });
    await agent.carryOn();
    assert.match(calls().at(-1)!.transcript.join('\n'), /My own plan/);
    assert.ok(agent.frames.some(({ permissionMode }) => permissionMode === 'acceptEdits'));
  });

  test('ExitPlanMode: rejected, the model reads the reason', async () => {
    await open([use('ExitPlanMode', { plan: 'unused' })], { mode: 'plan' });
    await agent.putOff('go');
    agent.port.answer({ decision: 'reject', reason: 'Too much at once' });
    await agent.carryOn();
    assert.match(calls().at(-1)!.transcript.join('\n'), /Too much at once/);
  });

  test('a tool of an MCP server over stdio runs after the approval', async () => {
    const server = { type: 'stdio' as const, command: process.execPath, args: ['-e', MCP_SERVER] };
    await open([use('mcp__notes__keep', { text: 'asked' })], {}, { mcpServers: { notes: server } });
    await agent.putOff('go');
    agent.port.answer({ decision: 'allow', updated_input: { text: 'changed' } });
    await agent.carryOn();
    assert.equal(read('notes'), 'changed');
    assert.match(calls().at(-1)!.transcript.join('\n'), /tool_result: kept changed/);
  });

  test('two calls in one message: the second is postponed, asked again afterwards, and each runs once', async () => {
    await open([bash('echo one >> log'), bash('echo two >> log')]);
    await agent.putOff('go');
    assert.equal(agent.port.asked.length, 1);
    agent.port.answer({ decision: 'allow' });
    script((call) =>
      call.transcript.filter((line) => line.includes('echo two')).length > 1
        ? say('done')
        : { blocks: [bash('echo two >> log')] },
    );
    const result = await agent.carryOn();
    assert.equal(result.stop_reason, 'tool_deferred');
    assert.match(calls().at(-1)!.transcript.join('\n'), /Postponed: another call waits/);
    assert.deepEqual([read('log'), agent.port.asked.length], ['one\n', 2]);
    await agent.end('SIGTERM');
    agent.port.answer({ decision: 'allow' });
    await agent.carryOn();
    assert.equal(read('log'), 'one\ntwo\n');
  });

  test('killed before the answer of the hook reaches the agent: the call did not run, and the interaction stays', async () => {
    await open([bash('echo asked >> log')]);
    const { port } = agent;
    const opened = port.open.bind(port);
    port.open = async (call) => {
      await opened(call);
      await agent.end('SIGKILL');
    };
    await agent.start();
    agent.send('go');
    await until('the agent was killed', () => port.asked.length === 1 && running().length === 0);
    assert.equal(read('log'), '');
  });

  test('asked again before anybody answered: the same interaction, and the process ends again', async () => {
    await open([bash('echo asked >> log')]);
    await agent.putOff('go');
    const again = await agent.carryOn();
    assert.deepEqual([again.stop_reason, agent.port.asked.length, read('log')], ['tool_deferred', 1, '']);
    await agent.end('SIGTERM');
    agent.port.answer({ decision: 'allow' });
    await agent.carryOn();
    assert.equal(read('log'), 'asked\n');
  });

  test('killed while the approved tool runs: it does not run again, and the model is told to look first', async () => {
    await open([bash('echo begun >> log; sleep 2; echo ended >> log')]);
    await agent.putOff('go');
    agent.port.answer({ decision: 'allow' });
    await agent.start();
    await until('the tool runs', () => read('log') === 'begun\n');
    await agent.end('SIGKILL');
    await agent.carryOn();
    assert.equal(read('log').split('begun').length, 2);
    assert.match(calls().at(-1)!.transcript.join('\n'), /outcome of this call is unknown/);
  });

  test('killed after the approval was marked used: it never runs, and the model is told to look first', async () => {
    await open([bash('echo asked >> log')]);
    await agent.putOff('go');
    agent.port.answer({ decision: 'allow' });
    agent.port.afterUse = () => agent.end('SIGKILL');
    await agent.start();
    await until('the agent was killed', () => running().length === 0 && agent.pid !== null);
    agent.port.afterUse = async () => undefined;
    await agent.carryOn();
    assert.equal(read('log'), '');
    assert.match(calls().at(-1)!.transcript.join('\n'), /outcome of this call is unknown/);
  });

  test('a decision that cannot be looked up denies the call', async () => {
    await open([bash('echo asked >> log')]);
    agent.port.open = async () => Promise.reject(new Error('the disk is full'));
    await agent.start();
    agent.send('go');
    await agent.result(1);
    assert.equal(read('log'), '');
    assert.match(calls().at(-1)!.transcript.join('\n'), /the disk is full/);
  });
});

/** Whether a tool's result is in sight; behind it Claude Code adds a text of its own after a resume. */
function hasResult({ transcript }: ApiCall): boolean {
  return transcript.some((line) => line.startsWith('tool_result: '));
}

/** A message without the marks of the cache, which move on with every call; one with a mark is written as blocks. */
function unmarked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => key !== 'cache_control');
  return Object.fromEntries(
    fields.map(([key, field]) => [
      key,
      key === 'content' && typeof field === 'string' ? [{ type: 'text', text: field }] : unmarked(field),
    ]),
  );
}

/** A server with one tool, which keeps a text in a file. */
const MCP_SERVER = `
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method, params } = JSON.parse(line);
    const reply = (result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
    if (method === 'initialize') {
      return reply({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'notes', version: '1' } });
    }
    if (method === 'tools/list') {
      const inputSchema = { type: 'object', properties: { text: { type: 'string' } } };
      return reply({ tools: [{ name: 'keep', description: 'keeps a text', inputSchema }] });
    }
    if (method === 'tools/call') {
      require('node:fs').appendFileSync('notes', params.arguments.text);
      return reply({ content: [{ type: 'text', text: 'kept ' + params.arguments.text }] });
    }
    if (id !== undefined) reply({});
  });
`;
