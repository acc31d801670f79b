import assert from 'node:assert/strict';
import test from 'node:test';
import { makeActivities } from '../../activities/index.ts';
import type { Connections } from '../../activities/line/connections.ts';
import type { Lease, MessageInput } from '../../workflows/session-activities.ts';
import { ask, answer, noInteractions } from '../../workflows/state/session-interactions.ts';
import { newSession } from '../../workflows/state/session-state.ts';
import { leaseOf } from '../../workflows/state/session-views.ts';
import { makeMemoryMirror } from '../support/api/memory-mirror.ts';

const LEASE: Lease = { session_id: 's-1', project_path: '/p', options: {}, epoch: 3, cursor: 7 };

test('an activity that release 0.1.0 scheduled, with an attachment instead of a lease, is carried out', async () => {
  const seen: unknown[] = [];
  const attach = async (lease: Lease): Promise<object> => ({
    send: async (message: object) => seen.push(lease, message),
  });
  const connections = { attach } as unknown as Connections;
  const activities = makeActivities({ connections, mirror: makeMemoryMirror() });
  const earlier = { attachment: LEASE, message_id: 'm-1', content: 'hello' };
  await activities.send(earlier as unknown as MessageInput);
  assert.deepEqual(seen, [LEASE, { message_id: 'm-1', content: 'hello', context: undefined }]);
});

test('a lease carries the rules that people allowed for the session, and none where they allowed none', () => {
  const options = { idle_after_seconds: 60, idle_timeout_seconds: 300 };
  const state = newSession({ session_id: 's-1', user_id: 'u-1', project_path: '/p', title: null, options }, 'now');
  assert.equal('session_rules' in leaseOf(state).options, false);
  const asked = {
    message_id: 'm-1',
    kind: 'permission' as const,
    title: 'Bash: ls',
    created_at: 'now',
    expires_at: null,
  };
  const given = { answer: { decision: 'allow_session' as const, rule: 'Bash(ls)' }, by: 'ann', via: 'rest' };
  const open = ask(noInteractions(), { interaction_id: 'i-1', ...asked });
  const interactions = answer(open, { interaction_id: 'i-1', ...given }, 'now').state;
  assert.deepEqual(leaseOf({ ...state, interactions }).options.session_rules, ['Bash(ls)']);
});
