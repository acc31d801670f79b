import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentEvent } from '../../../../domain/session/event.ts';
import { continuePrompt, promptIds } from '../../../../gateway/drivers/claude/prompts.ts';

const about = { timestamp: 't', message_id: 'm' };
const message = { message_id: 'm', content: 'fix it', context: { branch: 'main' } };
const tool = (id: string, summary: string): AgentEvent => ({
  type: 'tool_started',
  ...about,
  tool_use_id: id,
  tool: 'Bash',
  summary,
});
const seen: AgentEvent[] = [
  { type: 'text', ...about, text: 'I look' },
  tool('u-1', 'make'),
  { type: 'tool_finished', ...about, tool_use_id: 'u-1', is_error: false, summary: 'built' },
  tool('u-2', 'make install'),
];

test('continuePrompt() tells what was seen, and that a call without a result may have had its effect', () => {
  const { content } = continuePrompt(message, { attempt: 2, recorded: true, seen });
  assert.equal(
    content,
    'Continue from where you left off. Your process ended while you worked on my last message.\n\n' +
      'This was seen of your work on it:\n' +
      '- you wrote: I look\n- Bash (make): done: built\n- Bash (make install): no result was seen\n\n' +
      'A tool call without a result may have had its effect: look before you repeat one.',
  );
});

test('continuePrompt() tells the message again where the record does not have it', () => {
  const { content } = continuePrompt(message, { attempt: 2, recorded: false, seen: [] });
  assert.match(content, /record of the message that you worked on is lost/);
  assert.match(content, /The message:\n\nfix it\n\n<context>\n\{\n {2}"branch": "main"\n\}\n<\/context>$/);
});

test('continuePrompt() keeps the newest of what was seen when it is too much', () => {
  const many = Array.from({ length: 500 }, (_, index) => tool(`u-${index}`, `step ${index} ${'x'.repeat(90)}`));
  const { content } = continuePrompt(message, { attempt: 2, recorded: true, seen: many });
  assert.ok(content.length < 21_000);
  assert.match(content, /step 499/);
});

test('promptIds() holds the message itself and the prompt of every attempt, each a UUID of its own', () => {
  const ids = promptIds('m', 3);
  const prompts = [1, 2, 3].map((attempt) => continuePrompt(message, { attempt, recorded: true, seen }).message_id);
  assert.deepEqual(ids, ['m', ...prompts]);
  assert.equal(new Set(ids).size, 4);
  assert.match(prompts[0]!, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
});
