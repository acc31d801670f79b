import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeBus } from '../../db/events/bus.ts';
import { makeMirror } from '../../db/mirror/mirror.ts';
import { makeUserService } from '../../db/people/users.ts';
import { snapshotOf } from '../support/histories.ts';
import { openTestDb } from '../support/open-test-db.ts';

test('add() keeps phone and address in one spelling', (t) => {
  const users = makeUserService(openTestDb(t));
  const { created_at: _, ...user } = users.add({ id: 'ann', phone: '+1 (555) 01-00', email: ' Ann@Example.org ' });
  assert.deepEqual(user, {
    id: 'ann',
    phone: '+15550100',
    email: 'ann@example.org',
    admin: false,
    default_project: null,
  });
  assert.deepEqual(
    users.list().map(({ id }) => id),
    ['ann'],
  );
  assert.equal(users.get('bob'), null);
});

test('add() refuses what is taken and what is no id, phone or address', (t) => {
  const users = makeUserService(openTestDb(t));
  users.add({ id: 'ann', phone: '+15550100', email: 'a@example.org' });
  assert.throws(() => users.add({ id: 'ann' }), { code: 'USER_EXISTS', message: 'User already exists: ann' });
  assert.throws(() => users.add({ id: 'bob', phone: '+1 555 0100' }), {
    message: 'User ann already has this phone: +15550100',
  });
  assert.throws(() => users.add({ id: 'bob', email: 'A@example.org' }), { code: 'USER_EXISTS' });
  for (const bad of [{ id: '' }, { id: 'a b' }, { id: 'b', phone: 'call me' }, { id: 'b', email: 'nobody' }]) {
    assert.throws(() => users.add(bad), { code: 'INVALID_REQUEST' });
  }
});

test('remove() refuses while the user has open sessions, and takes the tokens along', async (t) => {
  const db = openTestDb(t);
  const users = makeUserService(db);
  users.add({ id: 'ann' });
  const { secret } = users.createToken('ann');
  const mirror = makeMirror(db, makeBus());
  await mirror.write([{ type: 'session', snapshot: snapshotOf({ user_id: 'ann', status: 'idle' }) }]);
  assert.throws(() => users.remove('ann'), { message: 'User has open sessions: ann (1): disconnect them first' });
  await mirror.write([
    { type: 'session', snapshot: snapshotOf({ user_id: 'ann', version: 2, status: 'disconnected' }) },
  ]);
  assert.deepEqual(users.remove('ann'), { tokens: 1, logins: 0, sessions: 1 });
  assert.equal(users.authenticate(secret), null);
  assert.throws(() => users.remove('ann'), { message: 'User not found: ann' });
});

test('authenticate() knows the caller by the secret until it is revoked', (t) => {
  const users = makeUserService(openTestDb(t));
  users.add({ id: 'ann', admin: true });
  const { info, secret } = users.createToken('ann', { name: 'laptop' });
  assert.deepEqual(users.authenticate(secret), { user_id: 'ann', admin: true, via: 'token' });
  assert.notEqual(users.listTokens('ann')[0]?.last_used_at, null);
  users.revokeToken(info.id);
  assert.equal(users.authenticate(secret), null);
});

test('authenticate() knows nobody by what is no secret', (t) => {
  const users = makeUserService(openTestDb(t));
  users.add({ id: 'ann' });
  const { secret } = users.createToken('ann');
  const other = users.createToken('ann').secret;
  const forged = secret.slice(0, 21) + other.slice(21);
  for (const wrong of ['', 'xsw_', secret.slice(0, -1), `${secret}x`, secret.toUpperCase(), forged, "' OR 1=1 --"]) {
    assert.equal(users.authenticate(wrong), null, wrong);
  }
});

test('createToken() stores no secret', (t) => {
  const db = openTestDb(t);
  const users = makeUserService(db);
  users.add({ id: 'ann' });
  const { secret } = users.createToken('ann');
  db.$client.pragma('wal_checkpoint(TRUNCATE)');
  assert.equal(readFileSync(db.path).includes(secret.slice(-43)), false);
  assert.throws(() => users.createToken('ghost'), { message: 'User not found: ghost' });
});
