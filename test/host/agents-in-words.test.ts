import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentsInWords } from '../../host/doctor/diagnose.ts';

test('agentsInWords() tells each agent with its memory, and those that wait for a session', () => {
  const since = '2026-11-23T10:00:00.000Z';
  assert.equal(agentsInWords([]), 'no agent is running');
  assert.equal(
    agentsInWords([
      { session_id: 's-42', pid: 71, rss_bytes: 200 * 2 ** 20, since, state: 'running' },
      { session_id: null, pid: 72, rss_bytes: 100 * 2 ** 20, since, state: 'warm' },
      { session_id: 's-43', pid: null, rss_bytes: null, since, state: 'starting' },
    ]),
    '3 agents are running with 300 MiB: s-42 (running, pid 71, 200 MiB); started in advance (warm, pid 72, 100 MiB); s-43 (starting)',
  );
});
