import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { askLines } from '../../cli/connect/answer-here.ts';
import { FRESH, printEvent } from '../../cli/connect/turn-printer.ts';
import { formatUsd } from '../../domain/money/format-usd.ts';
import { makePaint } from '../../cli/output/paint.ts';
import { printable } from '../../cli/output/printable.ts';
import { formatTable } from '../../cli/output/table.ts';
import { formatAgo, formatDuration } from '../../cli/output/time.ts';
import type { Subscribed } from '../../client/index.ts';

const plain = makePaint(false);

const amounts: [number | null, string][] = [
  [null, '—'],
  [0, '$0.00'],
  [0.0031, '$0.0031'],
  [0.003, '$0.003'],
  [0.025, '$0.025'],
  [0.5, '$0.50'],
  [0.25, '$0.25'],
  [0.012345, '$0.0123'],
  [0.9999, '$1.00'],
  [1, '$1.00'],
  [12.4, '$12.40'],
  [1234.5678, '$1234.57'],
  [0.000000001, '$0.000000001'],
  [1e-10, '<$0.000000001'],
];
for (const [usd, text] of amounts) {
  test(`formatUsd() writes ${String(usd)} as ${text}`, () => assert.equal(formatUsd(usd), text));
}

test('formatUsd() never writes an amount above zero as zero', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 ** 12 }), (nano) => {
      assert.match(formatUsd(nano / 1e9), /[1-9]/);
    }),
  );
});

test('formatAgo() and formatDuration() use the fitting units', () => {
  const now = Date.parse('2026-06-15T12:00:00.000Z');
  const ago = (seconds: number): string => formatAgo(new Date(now - seconds * 1000).toISOString(), now);
  assert.deepEqual([0, 12, 60, 3_599, 7_200, 90_000].map(ago), [
    'now',
    '12s ago',
    '1m ago',
    '59m ago',
    '2h ago',
    '1d ago',
  ]);
  assert.equal(ago(40 * 86_400), '2026-05-06');
  assert.deepEqual([0, 45, 200, 7_500, 90_000, 86_400].map(formatDuration), [
    '0s',
    '45s',
    '3m 20s',
    '2h 5m',
    '1d 1h',
    '1d',
  ]);
});

test('formatTable() cuts the widest columns and never passes the width', () => {
  const rows = [{ id: 's-1', path: '/a/very/long/path/to/some/project' }];
  const columns = [
    { title: 'ID', value: (row: (typeof rows)[number]) => row.id },
    { title: 'PROJECT', value: (row: (typeof rows)[number]) => row.path, cut: 'start' as const },
  ];
  assert.deepEqual(formatTable(rows, columns, 20, plain), ['ID   PROJECT', 's-1  …o/some/project']);
  for (const line of formatTable(rows, columns, 16, plain)) assert.ok(line.length <= 16, line);
  assert.deepEqual(formatTable(rows, columns, null, plain)[1], 's-1  /a/very/long/path/to/some/project');
});

test('formatTable() never cuts a heading', () => {
  const rows = [{ path: '/a/very/long/path', about: 'words and words and words' }];
  const columns = [
    { title: 'LAST ACTIVITY', value: (row: (typeof rows)[number]) => row.path, cut: 'start' as const },
    { title: 'PERMISSION', value: (row: (typeof rows)[number]) => row.about, cut: 'end' as const },
  ];
  assert.equal(formatTable(rows, columns, 10, plain)[0], 'LAST ACTIVITY  PERMISSION');
});

test('printable() leaves no control character but line ends and tabs', () => {
  assert.equal(printable('a\u001b[31mb\u0007\r\nc\td\u009b'), 'a[31mb\nc\td');
});

function print(events: Subscribed[]): string {
  let [state, text] = [FRESH, ''];
  for (const event of events) {
    const printed = printEvent(state, event, plain);
    state = printed.state;
    text += printed.text;
  }
  return text;
}

const about = { session_id: 's', seq: 1, timestamp: 't', message_id: 'm' };
const delta = (text: string): Subscribed => ({ type: 'text_delta', session_id: 's', message_id: 'm', text });
const block = (text: string): Subscribed => ({ ...about, type: 'text', text });
const result: Subscribed = {
  ...about,
  type: 'result',
  turn_id: 't',
  outcome: 'done',
  content: '',
  cost_usd: 0.0031,
  simulated: false,
};

test('text is written as it comes and its finished block is not written again', () => {
  assert.equal(print([delta('Hel'), delta('lo'), block('Hello'), result]), 'Hello\n$0.0031\n');
});

test('a block whose text was not streamed is written whole, and one that was streamed in part to its end', () => {
  assert.equal(print([block('Hello'), result]), 'Hello\n$0.0031\n');
  assert.equal(print([delta('Hel'), block('Hello'), result]), 'Hello\n$0.0031\n');
});

test('a block whose middle was lost with the connection goes on from there', () => {
  assert.equal(print([delta('Hel'), delta('d'), block('Hello world'), result]), 'Held\n…lo world\n$0.0031\n');
});

test('a tool gets a line of its own, also in the middle of text', () => {
  const tool: Subscribed = { ...about, type: 'tool_started', tool_use_id: 'u', tool: 'Bash', summary: 'npm test' };
  assert.equal(print([delta('I look'), tool, block('Done')]), 'I look\n⚙ Bash: npm test\nDone\n');
  const overtaken = [delta('All '), tool, delta('tests '), delta('pass'), block('All tests pass'), result];
  assert.equal(print(overtaken), 'All \n⚙ Bash: npm test\ntests pass\n$0.0031\n');
});

test('any way of cutting a text into pieces shows the text once', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (pieces) => {
      const clean = pieces.map(printable);
      const whole = clean.join('');
      fc.pre(whole !== '' && !whole.endsWith('\n'));
      assert.equal(print([...clean.map(delta), block(whole)]), `${whole}\n`);
    }),
  );
});

test('what Claude asks is shown whole, without what could drive the terminal, and with how to answer', () => {
  const detail = {
    tool: 'Bash',
    input: { command: 'rm -rf build\u001b[2J' },
    summary: 'rm',
    reason: 'r',
    blocked_path: null,
  };
  const asked = {
    interaction_id: 'i-1',
    session_id: 's-1',
    message_id: 'm-1',
    kind: 'permission',
    status: 'open',
    title: 'Bash: rm',
    detail: { ...detail, suggestions: [] },
    created_at: '2026-01-01T00:00:00.000Z',
    expires_at: null,
    answer: null,
    answered_by: null,
    answered_via: null,
    answered_at: null,
    withdrawn_reason: null,
  } as const;
  const mutable = structuredClone(asked) as unknown as Parameters<typeof askLines>[0];
  assert.deepEqual(askLines(mutable, plain), [
    '? Bash',
    '  rm -rf build[2J',
    '  /approve allows once, /approve session for the session, /deny [reason] denies',
  ]);
  const answered = {
    ...mutable,
    status: 'answered',
    answer: { decision: 'allow' },
    answered_by: 'ann',
  } as typeof mutable;
  assert.deepEqual(askLines(answered, plain), ['Bash: rm: allowed by ann']);
});
