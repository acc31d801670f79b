import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { SessionEvent, SessionEventBody } from '../../domain/session/event.ts';
import {
  appendEvents,
  applyLive,
  emptyTranscript,
  lastSeq,
  prependEvents,
  visibleRows,
} from '../../web/live/transcript.ts';
import type { Transcript } from '../../web/live/transcript.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function stream(...bodies: SessionEventBody[]): SessionEvent[] {
  return bodies.map((body, index) => ({ session_id: 's', seq: index + 1, ...body }));
}

/** Two turns: one with tools and a failed tool, one that a crash cut off; then the end. */
const GOLDEN = stream(
  { type: 'status', timestamp: at(0), status: 'active' },
  { type: 'queued', timestamp: at(1), message_id: 'm1', content: 'List the files' },
  { type: 'queued', timestamp: at(1), message_id: 'm2', content: 'And test them' },
  { type: 'sent', timestamp: at(2), message_id: 'm1' },
  { type: 'text', timestamp: at(3), message_id: 'm1', text: 'I look.' },
  { type: 'tool_started', timestamp: at(4), message_id: 'm1', tool_use_id: 't1', tool: 'Bash', summary: 'ls' },
  { type: 'tool_finished', timestamp: at(5), message_id: 'm1', tool_use_id: 't1', is_error: false, summary: 'a b' },
  { type: 'tool_started', timestamp: at(5), message_id: 'm1', tool_use_id: 't2', tool: 'Read', summary: 'c' },
  { type: 'permission', timestamp: at(5), message_id: 'm1', tool: 'Read', decision: 'denied', summary: 'c' },
  { type: 'tool_finished', timestamp: at(6), message_id: 'm1', tool_use_id: 't2', is_error: true, summary: 'denied' },
  { type: 'text', timestamp: at(7), message_id: 'm1', text: 'Two files.' },
  {
    type: 'result',
    timestamp: at(8),
    turn_id: 'r1',
    message_id: 'm1',
    outcome: 'done',
    content: 'Two files.',
    cost_usd: 0.25,
    simulated: false,
  },
  { type: 'cost', timestamp: at(8), cost_usd: 0.25, message_count: 2 },
  { type: 'sent', timestamp: at(9), message_id: 'm2' },
  { type: 'tool_started', timestamp: at(9), message_id: 'm2', tool_use_id: 't3', tool: 'Bash', summary: 'npm test' },
  {
    type: 'result',
    timestamp: at(10),
    turn_id: 'r2',
    message_id: 'm2',
    outcome: 'unknown',
    content: 'I ran',
    cost_usd: null,
    simulated: false,
    error: { code: 'TURN_UNKNOWN', message: 'the agent died' },
  },
  { type: 'notice', timestamp: at(11), level: 'warning', text: 'The agent was started again' },
  { type: 'closed', timestamp: at(12), status: 'disconnected', reason: 'User requested' },
);

const whole = (): Transcript => prependEvents(emptyTranscript('s'), GOLDEN);

test('a transcript reads as a document: prompt, answer, tools, result', () => {
  const rows = whole().rows.map((row) => `${row.kind}${row.kind === 'prompt' ? ` ${row.status}` : ''}`);
  assert.deepEqual(rows, [
    'prompt done',
    'prompt unknown',
    'answer',
    'tool',
    'tool',
    'permission',
    'answer',
    'result',
    'tool',
    'answer',
    'result',
    'notice',
    'status',
  ]);
});

test('a transcript is the same however it was cut, repeated and put together', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: GOLDEN.length }),
      fc.array(fc.tuple(fc.nat(GOLDEN.length), fc.nat(8)), { maxLength: 30 }),
      (start, chunks) => {
        let state = prependEvents(emptyTranscript('s'), GOLDEN.slice(start, start + 3));
        if (state.events.length === 0) state = prependEvents(state, GOLDEN.slice(0, 1));
        for (const [from, count] of chunks) state = appendEvents(state, GOLDEN.slice(from, from + count)).transcript;
        state = appendEvents(state, GOLDEN.slice(lastSeq(state))).transcript;
        state = prependEvents(state, GOLDEN.slice(0, Math.ceil(start / 2)));
        state = prependEvents(state, GOLDEN.slice(0, start));
        assert.deepEqual(state, whole());
      },
    ),
    { seed: 20261125 },
  );
});

test('appendEvents() stops at a hole and says so', () => {
  const { transcript, hole } = appendEvents(prependEvents(emptyTranscript('s'), GOLDEN.slice(0, 2)), GOLDEN.slice(3));
  assert.deepEqual([hole, lastSeq(transcript)], [true, 2]);
});

test('text that is being written is shown at the end, until the finished block replaces it', () => {
  const before = prependEvents(emptyTranscript('s'), GOLDEN.slice(0, 4));
  const delta = (text: string) => ({ delta: { session_id: 's', message_id: 'm1', text } });
  const during = applyLive(before, [delta('I '), delta('lo')]).transcript;
  assert.deepEqual(
    visibleRows(during)
      .slice(-1)
      .map((row) => row.kind === 'answer' && [row.text, row.live]),
    [['I lo', true]],
  );
  const after = applyLive(during, [delta('ok.'), { event: GOLDEN[4] as SessionEvent }, delta('Next')]).transcript;
  assert.deepEqual(
    visibleRows(after).flatMap((row) => (row.kind === 'answer' ? [row.text] : [])),
    ['I look.', 'Next'],
  );
});
