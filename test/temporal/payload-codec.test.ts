import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { createKeyRing, KeyRing } from '../../temporal/payloads/key-ring.ts';
import { EncryptingCodec } from '../../temporal/payloads/payload-codec.ts';
import { acceptPlain, isPlain } from '../../workflows/plain-payload.ts';

const OLD = `1700000000.${'0a'.repeat(32)}`;
const NEW = `1750000000.${'0b'.repeat(32)}`;
const BEGUN_AT = 1_700_000_000_000;

const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const contextOf = (workflowId: string) => ({ type: 'workflow', namespace: 'default', workflowId }) as const;

async function encrypted(value: unknown, workflowId = 'session-1', keys = OLD): Promise<Payload> {
  const [payload] = await new EncryptingCodec(new KeyRing(keys)).encode([payloadOf(value)], contextOf(workflowId));
  assert.ok(payload);
  return payload;
}

async function decoded(payload: Payload, workflowId = 'session-1', keys = OLD): Promise<unknown> {
  const [plain] = await new EncryptingCodec(new KeyRing(keys)).decode([payload], contextOf(workflowId));
  assert.ok(plain);
  return defaultPayloadConverter.fromPayload(plain);
}

/** Why a payload is accepted nowhere. */
async function refusal(...given: Parameters<typeof decoded>): Promise<string> {
  const value = await decoded(...given);
  assert.ok(isPlain(value) && !('value' in value));
  assert.ok(isPlain(acceptPlain(value, new Date(1))));
  return value.xswarm_plain.why;
}

test('encode() leaves no plain text, and decode() for the same session returns the value', async () => {
  const payload = await encrypted({ content: 'the secret plan' });
  assert.doesNotMatch(Buffer.from(payload.data ?? []).toString('latin1'), /secret|plan|json/);
  assert.deepEqual(await decoded(payload), { content: 'the secret plan' });
});

test('encode() makes different bytes of equal payloads', async () => {
  assert.notDeepEqual((await encrypted('text')).data, (await encrypted('text')).data);
});

test('undefined and binary payloads survive', async () => {
  assert.equal(await decoded(await encrypted(undefined)), undefined);
  assert.deepEqual(await decoded(await encrypted(new Uint8Array([1, 2]))), new Uint8Array([1, 2]));
});

test('decode() refuses a payload of another session, also when its session id was changed', async () => {
  const payload = await encrypted('text', 'session-2');
  assert.match(await refusal(payload), /another session/);
  const relabelled = { ...payload, metadata: { ...payload.metadata, workflow: Buffer.from('session-1') } };
  assert.match(await refusal(relabelled), /cannot be decrypted/);
});

test('decode() refuses changed, cut and empty payloads, and never throws', async () => {
  const payload = await encrypted('text');
  const data = Buffer.from(payload.data ?? []);
  const changed = Buffer.from(data);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  const broken: Payload[] = [
    { ...payload, data: changed },
    { ...payload, data: data.subarray(0, 20) },
    { ...payload, data: new Uint8Array() },
    { metadata: payload.metadata },
  ];
  for (const one of broken) assert.match(await refusal(one), /cannot be decrypted/);
});

test('decode() names the key that is missing', async () => {
  assert.match(await refusal(await encrypted('text', 'session-1', NEW)), /not in the key ring: [0-9a-f]{8}$/);
  assert.match(await refusal({ metadata: { encoding: Buffer.from('binary/encrypted') } }), /not in the key ring/);
});

test('decode() wraps a plain payload with the time of the first key, also after a rotation', async () => {
  for (const keys of [OLD, `${OLD},${NEW}`, `${NEW}\n${OLD}\n`]) {
    assert.deepEqual(await decoded(payloadOf('text'), 'session-1', keys), {
      xswarm_plain: { accepted_before: BEGUN_AT, why: 'it is not encrypted' },
      value: 'text',
    });
  }
});

test('decode() refuses a plain payload that cannot be parsed', async () => {
  const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') };
  assert.match(await refusal(payload), /cannot be read/);
  assert.match(await refusal({}), /cannot be read/);
});

test('acceptPlain() unwraps a plain payload for runs that started before the first key, and for no others', async () => {
  const wrapped = await decoded(payloadOf('text'));
  assert.equal(acceptPlain(wrapped, new Date(BEGUN_AT - 1)), 'text');
  assert.ok(isPlain(acceptPlain(wrapped, new Date(BEGUN_AT))));
});

test('a plain payload that wraps itself is wrapped again', async () => {
  const forged = payloadOf({ xswarm_plain: { accepted_before: 9e15, why: '' }, value: 'text' });
  assert.ok(isPlain(acceptPlain(await decoded(forged), new Date(BEGUN_AT))));
});

test('after a rotation the newest key encrypts, and the older ones still decrypt', async () => {
  const before = await encrypted('text', 'session-1', OLD);
  const after = await encrypted('text', 'session-1', `${OLD} ${NEW}`);
  assert.equal(await decoded(before, 'session-1', `${OLD} ${NEW}`), 'text');
  assert.equal(await decoded(after, 'session-1', NEW), 'text');
  assert.match(await refusal(after, 'session-1', OLD), /not in the key ring/);
});

test('a key whose time has not come decrypts and does not encrypt yet', async () => {
  const coming = `${Math.floor(Date.now() / 1_000) + 3_600}.${'0c'.repeat(32)}`;
  assert.equal(new KeyRing(`${OLD},${coming}`).current.id, new KeyRing(OLD).current.id);
  assert.equal(await decoded(await encrypted('text', 'session-1', coming), 'session-1', `${OLD},${coming}`), 'text');
});

test('decrypt() reads the payload of any session and says whose it is', async () => {
  const codec = new EncryptingCodec(new KeyRing(OLD));
  assert.deepEqual(codec.decrypt(await encrypted('text', 'session-7'))?.workflowId, 'session-7');
  assert.equal(codec.decrypt(payloadOf('text')), null);
});

test('KeyRing() refuses what it cannot read and never repeats it', () => {
  assert.throws(() => new KeyRing(' '), /no payload key/);
  assert.throws(
    () => new KeyRing(`${OLD},hunter2`),
    (error: Error) => error.message.startsWith('Payload key 2 cannot be read') && !error.message.includes('hunter2'),
  );
  assert.ok(Math.abs(new KeyRing(createKeyRing()).begunAt - Date.now()) <= 1_000);
});

test('pseudonym() names equal texts alike, and reveals none of them', () => {
  const ring = new KeyRing(OLD);
  assert.equal(ring.pseudonym('/p/shop'), new KeyRing(`${OLD},${NEW}`).pseudonym('/p/shop'));
  assert.notEqual(ring.pseudonym('/p/shop'), ring.pseudonym('/p/blog'));
  assert.notEqual(ring.pseudonym('/p/shop'), new KeyRing(NEW).pseudonym('/p/shop'));
});
