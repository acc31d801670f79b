import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callRest } from '../support/api/call-rest.ts';
import { openDoors } from '../support/api/open-doors.ts';

// A mistake in our own code: only a service that can be replaced call by call can make one.
test('an error nobody raised on purpose tells nothing but its id, and the log tells the rest', async () => {
  const broken = await openDoors();
  broken.service.cleanup = async () => {
    throw new TypeError('secret of the inside');
  };
  const answer = await callRest('POST', `${broken.base}/sessions/cleanup`, {}, { 'x-request-id': 'mine-1' });
  await broken.api.close();
  assert.equal(answer.status, 500);
  assert.deepEqual(answer.body, {
    type: 'error',
    code: 'INTERNAL',
    message: 'Internal error: the log tells more under this request_id',
    request_id: 'mine-1',
  });
  assert.match(String((broken.logged[0]?.fields as { err: unknown }).err), /secret of the inside/);
});
