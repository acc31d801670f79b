import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterSending,
  emptyEditor,
  pressKey,
  type Editor,
  type Key,
  type Wish,
} from '../../cli/connect/line-editor.ts';

/** Presses keys one after the other: a string is a text that is typed, an object a key. */
function press(keys: (string | Key)[], editor: Editor = emptyEditor([])): { editor: Editor; wish: Wish } {
  let wish: Wish = null;
  for (const key of keys.flatMap((one): (string | Key)[] => (typeof one === 'string' ? [...one] : [one]))) {
    ({ editor, wish } =
      typeof key === 'string' ? pressKey(editor, key, { name: key }) : pressKey(editor, undefined, key));
  }
  return { editor, wish };
}

const ENTER = { name: 'return' };
const LEFT = { name: 'left' };
const ctrl = (name: string): Key => ({ name, ctrl: true });

test('Enter sends; behind a backslash, with Alt, and in a paste it begins a new line', () => {
  assert.equal(press(['hi', ENTER]).wish, 'send');
  assert.deepEqual([press(['a\\', ENTER]).editor.text, press(['a\\', ENTER]).wish], ['a\n', null]);
  assert.equal(press(['a', { name: 'return', meta: true }]).editor.text, 'a\n');
  const pasted = press([{ name: 'paste-start' }, 'a', ENTER, { name: 'paste-end' }]);
  assert.deepEqual([pasted.editor.text, pasted.wish], ['a\n', null]);
  assert.equal(press([ENTER], pasted.editor).wish, 'send');
});

test('keys that ask for something change no text', () => {
  for (const [name, wish] of [
    ['c', 'stop'],
    ['z', 'suspend'],
    ['l', 'redraw'],
  ] as const) {
    const pressed = press(['a', ctrl(name)]);
    assert.deepEqual([pressed.editor.text, pressed.wish], ['a', wish]);
  }
});

test('Ctrl-D leaves at an empty prompt, and else removes the letter under the cursor', () => {
  assert.equal(press([ctrl('d')]).wish, 'leave');
  const removed = press(['ab', LEFT, ctrl('d')]);
  assert.deepEqual([removed.editor.text, removed.wish], ['a', null]);
});

test('a letter of two units is passed and removed as one', () => {
  assert.equal(press(['a😀', { name: 'backspace' }]).editor.text, 'a');
  assert.equal(press(['a😀', LEFT, 'b']).editor.text, 'ab😀');
});

test('Ctrl-W, Ctrl-U and Ctrl-K remove a word, up to the beginning of the line, and up to its end', () => {
  assert.equal(press(['one two', ctrl('w')]).editor.text, 'one ');
  assert.equal(press(['one\\', ENTER, 'two', ctrl('u')]).editor.text, 'one\n');
  assert.equal(press(['one two', ctrl('a'), ctrl('k')]).editor.text, '');
});

test('control characters are not typed', () => {
  assert.equal(pressKey(emptyEditor([]), 'a\u001b[31m\u0007b', { name: 'x' }).editor.text, 'a[31mb');
});

test('Up and Down show earlier messages and come back to what was typed', () => {
  const history = ['newest', 'oldest'];
  const up = { name: 'up' };
  const down = { name: 'down' };
  const typed = press(['draft'], emptyEditor(history)).editor;
  assert.equal(press([up], typed).editor.text, 'newest');
  assert.equal(press([up, up, up], typed).editor.text, 'oldest');
  assert.equal(press([up, up, down, down], typed).editor.text, 'draft');
});

test('a text that was sent is the newest of the earlier messages, once', () => {
  const sent = afterSending(press(['again'], emptyEditor(['other', 'again'])).editor);
  assert.deepEqual([sent.text, sent.history], ['', ['again', 'other']]);
  assert.deepEqual(afterSending(press(['  '], emptyEditor(['other'])).editor).history, ['other']);
});
