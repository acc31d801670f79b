import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { priceAnswer } from '../../../../gateway/drivers/simulator/answer.ts';
import { parseScript } from '../../../../gateway/drivers/simulator/script.ts';
import type { GatewayClient } from '../../../support/gateway/gateway-client.ts';
import { startTestGateway } from '../../../support/gateway/test-gateway.ts';
import type { TestGateway } from '../../../support/gateway/test-gateway.ts';

test('parseScript() reads the directives in order and leaves other brackets alone', () => {
  assert.deepEqual(
    parseScript('[think 1.5s] do [this] array[0] [tool Write a b.txt] [fail no luck] [think soon] [hang now]'),
    [
      { type: 'think', ms: 1500 },
      { type: 'tool', tool: 'Write', summary: 'a b.txt' },
      { type: 'fail', message: 'no luck' },
    ],
  );
});

test('parseScript() takes any text', () => {
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseScript(text))));
});

test('a price is above zero, and the same for the same texts', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (message, answer) => {
      const price = priceAnswer(message, answer, []);
      assert.ok(price.cost_nano > 0 && Number.isSafeInteger(price.cost_nano));
      assert.deepEqual(price, priceAnswer(message, answer, []));
    }),
  );
});

test('every directive is in docs/simulator.md', async () => {
  const doc = await readFile(new URL('../../../../docs/simulator.md', import.meta.url), 'utf8');
  const examples = [...doc.matchAll(/^\| `(\[[a-z]+[^`]*\])`/gm)].map((match) => match[1]!);
  const types = examples.flatMap((example) => parseScript(example).map((step) => step.type));
  assert.deepEqual(types.sort(), [
    'ask',
    'background',
    'chars',
    'cost',
    'crash',
    'deny',
    'fail',
    'hang',
    'plan',
    'question',
    'recall',
    'stream',
    'think',
    'tool',
  ]);
});

describe('a scripted message', () => {
  let gate: TestGateway;
  let client: GatewayClient;
  before(async () => {
    gate = await startTestGateway();
    client = await gate.connect();
    await client.open({ session_id: randomUUID(), project_path: gate.project });
  });
  after(() => gate.close());

  test('[fail words] fails with these words and is priced', async () => {
    const turn = await client.ask('[fail out of luck]');
    assert.deepEqual([turn.outcome, turn.failure], ['failed', { code: 'TURN_FAILED', message: 'out of luck' }]);
    assert.ok(turn.cost_nano! > 0);
  });

  test('[chars n] answers with that many characters', async () => {
    assert.equal((await client.ask('[chars 40000]')).content.length, 40_000);
  });

  test('[cost n] costs that much', async () => {
    assert.equal((await client.ask('[cost 0.25]')).cost_nano, 250_000_000);
  });

  test('[stream t] writes the answer word by word', async () => {
    const turn = await client.ask('[stream 1ms] one two');
    assert.equal(client.deltas.join(''), turn.content);
    assert.ok(client.deltas.length > 3);
  });

  test('[tool …] and [deny …] are reported', async () => {
    const id = randomUUID();
    await client.ask('[tool Write notes.txt] [deny Bash rm -r]', id);
    const own = client.events.filter(({ event }) => 'message_id' in event && event.message_id === id);
    assert.deepEqual(
      own.map(({ event }) => event.type),
      ['accepted', 'tool_started', 'tool_finished', 'permission', 'text'],
    );
  });

  test('[background t] begins a turn of its own when it ends', async () => {
    await client.ask('[background 100ms]');
    const unasked = await client.until((frame) =>
      frame.type === 'event' && frame.event.type === 'result' && frame.event.turn.message_id === null
        ? frame.event.turn
        : null,
    );
    assert.ok(unasked.cost_nano! > 0);
    const tasks = client.events.flatMap(({ event }) => (event.type === 'background' ? [event.tasks] : []));
    assert.deepEqual(tasks, [1, 0]);
  });

  test('[recall] lists what was said before', async () => {
    const other = await gate.connect();
    await other.open({ session_id: randomUUID(), project_path: gate.project });
    await other.ask('my name is Ada');
    assert.equal((await other.ask('[recall]')).content, 'Simulated: earlier you said\n1. my name is Ada');
  });
});
