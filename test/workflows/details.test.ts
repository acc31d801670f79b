import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detailsMarkdown } from '../../workflows/state/details.ts';
import { book } from '../../workflows/state/session-ledger.ts';
import { accept, beginTurn } from '../../workflows/state/session-queue.ts';
import { newSession, type SessionState } from '../../workflows/state/session-state.ts';
import { preview } from '../../workflows/state/session-views.ts';

const NOW = '2026-11-25T10:00:00.000Z';

function running(content: string): SessionState {
  const start = { session_id: 's-1', user_id: 'ann', project_path: '/srv/shop', title: null };
  const state = newSession({ ...start, options: { idle_after_seconds: 60, idle_timeout_seconds: 300 } }, NOW);
  return beginTurn(accept(state, { message_id: 'm-1', content }, NOW, 10));
}

test('preview() is one line of 60 characters', () => {
  const shown = preview({ content: `fix\n\n  the ${'very '.repeat(20)}long test` });
  assert.match(shown, /^fix the very very .*…$/);
  assert.equal(shown.length, 60);
  assert.equal(preview({ content: null }), 'stored message');
});

test('detailsMarkdown() shows what runs and what waits by its text', () => {
  const state = accept(running('fix the *tests*'), { message_id: 'm-2', content: 'then deploy' }, NOW, 10);
  const shown = detailsMarkdown(state);
  assert.match(shown, /\*\*Running:\*\* fix the \\\*tests\\\*/);
  assert.match(shown, /\*\*Waiting:\*\*\n\n1\. then deploy/);
  assert.doesNotMatch(shown, /m-[12]/);
});

test('detailsMarkdown() lists question and answer of the last turns, and internals only under Debug', () => {
  const turn = {
    seq: 3,
    turn_id: 't-1',
    message_id: 'm-1',
    outcome: 'done' as const,
    failure: null,
    cost_nano: 25_000_000,
    finished_at: NOW,
    preview: 'All 12 tests\npass',
    digest: '',
  };
  const shown = detailsMarkdown(book(running('run the tests'), { turns: [turn], cursor: 3, background_tasks: 0 }, NOW));
  assert.match(shown, /- \*\*run the tests\*\*\n {2}All 12 tests pass\n {2}\*done, \$0\.025, 2026/);
  const [before = '', debug = ''] = shown.split('**Debug**');
  assert.doesNotMatch(before, /epoch|cursor/);
  assert.match(debug, /lease epoch 0, cursor 3/);
});
