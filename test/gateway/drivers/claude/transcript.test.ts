import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspectTurn, readTranscript, savedCounters } from '../../../../gateway/drivers/claude/transcript.ts';
import type { Transcript } from '../../../../gateway/drivers/claude/transcript.ts';

const prompt = (uuid: string): object => ({
  type: 'user',
  uuid,
  message: { role: 'user', content: `text of ${uuid}` },
});
const toolResult = { type: 'user', uuid: 't', message: { content: [{ type: 'tool_result', tool_use_id: 'u' }] } };
const said = (text: string, stop_reason = 'end_turn'): object => ({
  type: 'assistant',
  message: { model: 'claude-sonnet-5', stop_reason, content: [{ type: 'text', text }] },
});
const toolUse = {
  type: 'assistant',
  message: {
    model: 'claude-sonnet-5',
    stop_reason: 'tool_use',
    content: [{ type: 'tool_use', id: 'u', name: 'Bash' }],
  },
};
const synthetic = (text: string, isApiErrorMessage: boolean): object => ({
  type: 'assistant',
  isApiErrorMessage,
  message: { model: '<synthetic>', stop_reason: 'stop_sequence', content: [{ type: 'text', text }] },
});
const costs = (usd: number): object => ({
  type: 'cost-state',
  modelUsage: { m: { inputTokens: 1, outputTokens: 0, costUSD: usd } },
});
const of = (...lines: object[]): Transcript => ({ lines: lines as Transcript['lines'] });

const cases: [string, Transcript, string, string?][] = [
  ['a message that is not in it', of(prompt('a'), said('x')), 'nothing'],
  ['a message without an answer', of(prompt('a'), said('x'), prompt('m')), 'nothing'],
  [
    'a message that resume closed with a synthetic answer',
    of(prompt('m'), synthetic('No response requested.', false)),
    'nothing',
  ],
  ['a whole answer', of(prompt('m'), said('whole')), 'finished', 'whole'],
  [
    'a whole answer after a tool',
    of(prompt('m'), said('I look', 'tool_use'), toolUse, toolResult, said('seen')),
    'finished',
    'seen',
  ],
  ['a tool that runs', of(prompt('m'), said('I look', 'tool_use'), toolUse), 'partial', 'I look'],
  ['a tool that came back', of(prompt('m'), toolUse, toolResult), 'partial', ''],
  ['an API error', of(prompt('m'), synthetic('API Error: 400', true)), 'finished', ''],
  ['an answer that belongs to the next message', of(prompt('m'), prompt('n'), said('other')), 'nothing'],
  ["a subagent's answer", of(prompt('m'), toolUse, { ...said('inner'), isSidechain: true }), 'partial', ''],
];

for (const [name, transcript, found, content] of cases) {
  test(`inspectTurn(): ${name} → ${found}`, () => {
    const record = inspectTurn(transcript, ['m'], { counters: {} }, []);
    assert.equal(record.found, found);
    if (content !== undefined && record.found !== 'nothing') assert.equal(record.content, content);
  });
}

test('inspectTurn() follows a turn over the prompt that went on with it, and takes the end from there', () => {
  const lines = [prompt('m'), toolUse, toolResult, prompt('m-2'), said('whole'), prompt('n'), said('other')];
  const record = inspectTurn(of(...lines), ['m', 'm-1', 'm-2'], { counters: {} }, []);
  assert.deepEqual([record.found, record.found === 'finished' && record.content], ['finished', 'whole']);
});

test('inspectTurn() finds a turn of which only the prompt that went on with it is recorded', () => {
  const record = inspectTurn(of(prompt('m-2'), toolUse), ['m', 'm-1', 'm-2'], { counters: {} }, []);
  assert.deepEqual(
    [record.found, record.recorded, record.booked],
    ['partial', true, { counters: {}, booked_lines: 2 }],
  );
});

test('inspectTurn() knows the cost when Claude saved its totals after the turn, and only then', () => {
  const before = savedCounters(of(costs(0.003)))!;
  const cost = (...lines: object[]): number | null => {
    const record = inspectTurn(of(...lines), ['m'], { counters: before }, []);
    return record.cost_nano;
  };
  assert.equal(cost(costs(0.003), prompt('m'), said('x'), costs(0.009)), 6_000_000);
  assert.equal(cost(costs(0.003), prompt('m'), said('x')), null);
});

test('readTranscript() finds a conversation by its id and skips a torn line', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'xswarm-transcript-'));
  const folder = join(dir, 'projects', '-some-project');
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'c-1.jsonl'),
    `${JSON.stringify(prompt('m'))}\n${JSON.stringify(said('x'))}\n{"type":"assi`,
  );
  assert.equal((await readTranscript(dir, 'c-1'))?.lines.length, 2);
  assert.equal(await readTranscript(dir, 'c-2'), null);
  assert.equal(await readTranscript(dir, '../projects/-some-project/c-1'), null);
  assert.equal(await readTranscript(join(dir, 'nowhere'), 'c-1'), null);
  await rm(dir, { recursive: true });
});

test('readTranscript() does not take a record that cannot be read for one that is not there', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'xswarm-transcript-'));
  await mkdir(join(dir, 'projects', '-some-project', 'c-1.jsonl'), { recursive: true });
  await assert.rejects(readTranscript(dir, 'c-1'), { code: 'AGENT_UNREACHABLE', message: /cannot be read/ });
  await rm(dir, { recursive: true });
});
