import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import {
  AGENT_PROTOCOL,
  agentEvent,
  workerFrame,
  GATEWAY_CLOSE,
  GATEWAY_ERROR_CODES,
  gatewayFrame,
} from '../../../protocol/agent-protocol.ts';

const doc = await readFile(new URL('../../../docs/agent-protocol.md', import.meta.url), 'utf8');

/** The first column of the table below a heading. */
function words(heading: string): string[] {
  const section = doc.split(/^## /m).find((part) => part.startsWith(heading));
  assert.ok(section, `docs/agent-protocol.md has no section "${heading}"`);
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]!).sort();
}

function types(schema: { options: readonly { shape: { type: { value: string } } }[] }): string[] {
  return schema.options.map((option) => option.shape.type.value).sort();
}

test('the doc has every frame, event, error code and close code of the protocol, and no other', () => {
  assert.ok(doc.includes(AGENT_PROTOCOL));
  assert.deepEqual(words('Frames in'), types(workerFrame));
  assert.deepEqual(words('Frames out'), types(gatewayFrame));
  assert.deepEqual(words('Events'), types(agentEvent));
  assert.deepEqual(words('Error codes'), [...GATEWAY_ERROR_CODES].sort());
  assert.deepEqual(words('Close codes'), Object.values(GATEWAY_CLOSE).map(String).sort());
});

test('each example in the doc is a frame of the protocol', () => {
  const examples = [...doc.matchAll(/```json\n([\s\S]*?)```/g)].flatMap((match) => match[1]!.trim().split('\n'));
  assert.ok(examples.length >= 10);
  for (const example of examples) {
    const frame: unknown = JSON.parse(example.slice(2));
    const schema = example.startsWith('> ') ? workerFrame : gatewayFrame;
    const parsed = schema.safeParse(frame);
    assert.ok(parsed.success, `${example}: ${parsed.error?.message}`);
  }
});
