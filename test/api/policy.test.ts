import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onlyUserOf, policy } from '../../api/access/policy.ts';
import type { Action, Verdict } from '../../api/access/policy.ts';
import type { Caller } from '../../domain/access/caller.ts';

const local: Caller = { user_id: null, admin: false, via: 'local' };
const ann: Caller = { user_id: 'ann', admin: false, via: 'token' };
const root: Caller = { user_id: 'root', admin: true, via: 'token' };
const nobody: Caller = { user_id: null, admin: false, via: 'token' };

const OWNED: Action[] = ['read_session', 'change_session', 'create_session', 'read_user', 'route'];
const CASES: [string, Caller, Action[], string | null, Verdict][] = [
  ['a local caller may do it for ann', local, OWNED, 'ann', 'allowed'],
  ['a local caller may see everything', local, ['read_everything'], null, 'allowed'],
  ['ann may do it with her own', ann, OWNED, 'ann', 'allowed'],
  ['ann may not know of what is bob’s', ann, OWNED, 'bob', 'hidden'],
  ['ann may not know of what has no owner', ann, OWNED, '', 'hidden'],
  ['ann may not see everything', ann, ['read_everything'], null, 'forbidden'],
  ['an admin may do it for ann', root, OWNED, 'ann', 'allowed'],
  ['an admin may see everything', root, ['read_everything'], null, 'allowed'],
  ['a token without a user has nothing', nobody, OWNED, 'ann', 'hidden'],
  ['a token without a user does not match a missing owner', nobody, OWNED, null, 'hidden'],
  ['a token without a user may not see everything', nobody, ['read_everything'], null, 'forbidden'],
];

for (const [title, caller, actions, owner, verdict] of CASES) {
  for (const action of actions) {
    test(`policy() ${action}: ${title}`, () => assert.equal(policy(caller, action, owner), verdict));
  }
}

test('onlyUserOf() narrows lists to the own user for all but admins and local callers', () => {
  assert.deepEqual([local, ann, root, nobody].map(onlyUserOf), [null, 'ann', null, '']);
});
