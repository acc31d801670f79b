import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Subscribed } from '../../client/subscribe.ts';
import {
  accepted,
  hear,
  liveLines,
  SILENT,
  tearOff,
  typedHere,
  type Conversation,
} from '../../cli/connect/conversation.ts';
import { makePaint } from '../../cli/output/paint.ts';

const plain = makePaint(false);
const START = '2026-01-01T00:00:00.000Z';
const later = (seconds: number): number => Date.parse(START) + seconds * 1000;

/** An event of the message `m` of the session `s`. */
function event(body: { type: string } & Record<string, unknown>): Subscribed {
  return { session_id: 's', seq: 1, timestamp: START, message_id: 'm', ...body } as unknown as Subscribed;
}

const queued = (content: string): Subscribed => event({ type: 'queued', content });
const sent = event({ type: 'sent' });
const words = (text: string): Subscribed => event({ type: 'text_delta', text });
const block = (text: string): Subscribed => event({ type: 'text', text });
const result = event({ type: 'result', turn_id: 't', outcome: 'done', content: '', cost_usd: 0, simulated: false });

function hearAll(events: Subscribed[], width = 40, from = SILENT): { lines: string[]; conversation: Conversation } {
  const lines: string[] = [];
  let conversation = from;
  for (const one of events) {
    const heard = hear(conversation, one, width, plain);
    lines.push(...heard.lines);
    conversation = heard.conversation;
  }
  return { lines, conversation };
}

test('rows that are full are final, and the unfinished one stays in the live lines', () => {
  const { lines, conversation } = hearAll([queued('go'), sent, words('one two three four five six')], 14);
  assert.deepEqual(lines, ['> go', 'one two three']);
  assert.equal(liveLines(conversation, later(0), 14, plain)[0], ' four five six'.trimStart());
});

test('the running turn shows its time and its tools, and the result ends it', () => {
  const tool = { tool_use_id: 'u', tool: 'Bash', summary: 'npm test' };
  const running = hearAll([queued('go'), sent, event({ type: 'tool_started', ...tool })]).conversation;
  assert.match(liveLines(running, later(125), 80, plain).join('\n'), /Working 2m 5s · Bash: npm test · Ctrl-C stops$/);
  const done = hearAll([result], 40, running).conversation;
  assert.deepEqual([done.running, liveLines(done, later(125), 80, plain)], [null, []]);
});

test('a message typed here waits once, whether its event or the answer to its call comes first', () => {
  const typed = typedHere(SILENT, 'hi');
  assert.deepEqual(liveLines(typed, 0, 40, plain), ['  sending: hi']);
  const callFirst = hearAll([queued('hi')], 40, accepted(typed, 'hi', 'm')).conversation;
  const eventFirst = accepted(hearAll([queued('hi')], 40, typed).conversation, 'hi', 'm');
  for (const one of [callFirst, eventFirst]) assert.deepEqual(one.waiting, [{ id: 'm', content: 'hi' }]);
  // The whole turn may be over before the call is answered.
  const overFirst = accepted(hearAll([queued('hi'), sent, result], 40, typed).conversation, 'hi', 'm');
  assert.deepEqual(overFirst.waiting, []);
});

test('a message that was refused waits no longer', () => {
  assert.deepEqual(accepted(typedHere(SILENT, 'hi'), 'hi', null).waiting, []);
});

test('after a lost connection nothing is repeated and nothing is missing', () => {
  const before = hearAll([queued('go'), sent, words('Hello ')]).conversation;
  const { lines, conversation } = hearAll([words('ful world'), block('Hello beautiful world')], 40, tearOff(before));
  assert.deepEqual(
    [...lines, conversation.partial].filter((row) => row !== ''),
    ['Hello beautiful world'],
  );
});

test('what others wrote cannot drive the terminal', () => {
  const { lines, conversation } = hearAll([queued('a\u001b[2Jb'), sent, words('c\u001b]0;title\u0007d\n')]);
  assert.doesNotMatch([...lines, ...liveLines(conversation, 0, 40, plain)].join(''), /[\u0000-\u0009\u000b-\u001f]/);
});

test('the end of the session ends its turn and its queue', () => {
  const { conversation } = hearAll([queued('go'), event({ type: 'closed', reason: 'User requested' })]);
  assert.deepEqual([conversation.ended, conversation.running, conversation.waiting], [true, null, []]);
});
