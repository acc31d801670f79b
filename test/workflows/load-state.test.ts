import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadState, type SavedState } from '../../workflows/state/load-state.ts';
import { newSession, statusOf, type Phase } from '../../workflows/state/session-state.ts';
import { recordOf, snapshotOf } from '../../workflows/state/session-views.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-01T00:00:09.000Z';
const GONE = { code: 'AGENT_UNREACHABLE', message: 'Failed to connect to Claude Code WebSocket' };

const START = {
  session_id: 's-1',
  user_id: 'u-1',
  project_path: '/p',
  title: null,
  options: { idle_after_seconds: 60, idle_timeout_seconds: 300 },
};

/** A state as release 0.1.0 saved it; `life` replaces some of the fields that are a `phase` today. */
function earlier(life: object): SavedState {
  const { phase: _phase, unsent: _unsent, ...rest } = newSession(START, NOW);
  const saved = { ...rest, reason: null, failure: null, ended_at: null, connected: false, ...life };
  return saved as unknown as SavedState;
}

const SHAPES: [saved: string, life: object, phase: Phase][] = [
  ['a new session', { status: 'connecting' }, { type: 'unconnected', shown: 'connecting' }],
  [
    'a session that connects for the first time',
    { status: 'connecting', opening: true },
    { type: 'connecting', shown: 'connecting' },
  ],
  ['an active session', { status: 'active', connected: true, opening: false }, { type: 'connected', shown: 'active' }],
  ['a session whose line broke', { status: 'active', connected: false }, { type: 'unconnected', shown: 'active' }],
  [
    'a session that connects again',
    { status: 'active', connected: false, opening: true },
    { type: 'connecting', shown: 'active' },
  ],
  ['an idle session', { status: 'idle', opening: false }, { type: 'released', drained: true }],
  ['an idle session of before `undrained`', { status: 'idle' }, { type: 'released', drained: true }],
  ['an idle session whose gateway was away', { status: 'idle', undrained: true }, { type: 'released', drained: false }],
  [
    'an idle session that wakes up',
    { status: 'idle', opening: true, undrained: true },
    { type: 'connecting', shown: 'idle' },
  ],
  [
    'an idle session that woke up and was asked to end',
    { status: 'idle', connected: true, closing: 'User requested' },
    { type: 'connected', shown: 'idle' },
  ],
  [
    'a session that ends',
    { status: 'disconnecting', reason: 'Idle timeout', closing: 'Idle timeout', connected: true },
    { type: 'disconnecting', reason: 'Idle timeout' },
  ],
  [
    'a session that has ended',
    { status: 'disconnected', reason: 'User requested', closing: 'User requested', ended_at: LATER },
    { type: 'disconnected', reason: 'User requested', ended_at: LATER },
  ],
  [
    'a session whose agent could not be reached',
    { status: 'error', reason: GONE.message, failure: GONE, ended_at: LATER, connected: false, opening: false },
    { type: 'error', failure: GONE, ended_at: LATER },
  ],
];

for (const [saved, life, phase] of SHAPES) {
  test(`loadState() reads ${saved} as release 0.1.0 saved it`, () => {
    const state = loadState(earlier(life));
    assert.deepEqual(state.phase, phase);
    assert.equal(statusOf(state), (life as { status: string }).status);
    assert.deepEqual(state.unsent, []);
  });
}

test('loadState() keeps no field of release 0.1.0 beside the phase', () => {
  const state = loadState(earlier({ status: 'idle', opening: false, undrained: false, unsent: [] }));
  assert.deepEqual(state, { ...newSession(START, NOW), phase: { type: 'released', drained: true } });
});

test('loadState() returns a state of this release as it is', () => {
  const state = newSession(START, NOW);
  assert.equal(loadState(state), state);
});

test('the record of a session that release 0.1.0 ended is read from its history', () => {
  const path = fileURLToPath(new URL('../histories/0.1.0/agent-never-there-first.json', import.meta.url));
  const { events } = JSON.parse(readFileSync(path, 'utf8')) as { events: Record<string, never>[] };
  const { result } = events.at(-1)?.workflowExecutionCompletedEventAttributes as unknown as {
    result: { payloads: { data: string }[] };
  };
  const saved = JSON.parse(Buffer.from(result.payloads[0]?.data ?? '', 'base64').toString('utf8')) as SavedState;
  const { status, reason, failure, ended_at } = snapshotOf(loadState(saved));
  assert.deepEqual(
    { status, reason, failure, ended_at, ended: recordOf(loadState(saved)).ended },
    {
      status: 'error',
      reason: 'scripted PROJECT_PATH',
      failure: { code: 'PROJECT_PATH', message: 'scripted PROJECT_PATH' },
      ended_at: '2026-11-24T19:53:19.749Z',
      ended: true,
    },
  );
});
