/** A key as Node's `keypress` event reports it. */
export interface Key {
  sequence?: string;
  name?: string;
  ctrl?: boolean;
  meta?: boolean;
}

/** What is being typed, and which earlier message it shows (`-1`: none). */
export interface Editor {
  text: string;
  cursor: number;
  isPasting: boolean;
  /** Earlier messages, newest first. */
  history: readonly string[];
  shown: number;
  /** What was typed before an earlier message was shown. */
  draft: string;
}

/** What a key asks of the conversation, beside the change of the text. */
export type Wish = 'send' | 'stop' | 'leave' | 'suspend' | 'redraw' | null;

/** An editor with nothing typed. */
export function emptyEditor(history: readonly string[]): Editor {
  return { text: '', cursor: 0, isPasting: false, history, shown: -1, draft: '' };
}

/** Returns the editor after its text was sent: empty, the text the newest of the earlier messages. */
export function afterSending(editor: Editor): Editor {
  const rest = editor.history.filter((text) => text !== editor.text);
  return emptyEditor(editor.text.trim() === '' ? editor.history : [editor.text, ...rest]);
}

/** Handles a key. Enter sends, except in a paste and behind a backslash: there it begins a new line. */
export function pressKey(editor: Editor, text: string | undefined, key: Key): { editor: Editor; wish: Wish } {
  if (key.name === 'paste-start') return same({ ...editor, isPasting: true });
  if (key.name === 'paste-end') return same({ ...editor, isPasting: false });
  if (key.name === 'return' || key.name === 'enter') return pressEnter(editor, key);
  if (editor.isPasting) return same(insert(editor, text === '\t' ? '\t' : typed(text)));
  if (key.ctrl === true) return pressControl(editor, key.name ?? '');
  const moved = move(editor, key);
  if (moved !== null) return same(moved);
  if (key.meta === true || text === undefined) return same(editor);
  return same(insert(editor, typed(text)));
}

function same(editor: Editor): { editor: Editor; wish: Wish } {
  return { editor, wish: null };
}

function pressEnter(editor: Editor, key: Key): { editor: Editor; wish: Wish } {
  if (editor.isPasting || key.meta === true) return same(insert(editor, '\n'));
  if (editor.text.slice(0, editor.cursor).endsWith('\\')) return same(insert(remove(editor, editor.cursor - 1), '\n'));
  return { editor, wish: 'send' };
}

function pressControl(editor: Editor, name: string): { editor: Editor; wish: Wish } {
  const { text, cursor } = editor;
  if (name === 'c') return { editor, wish: 'stop' };
  if (name === 'z') return { editor, wish: 'suspend' };
  if (name === 'l') return { editor, wish: 'redraw' };
  if (name === 'd') return text === '' ? { editor, wish: 'leave' } : same(remove(editor, cursor, cursor + 1));
  if (name === 'a') return same({ ...editor, cursor: lineStart(editor) });
  if (name === 'e') return same({ ...editor, cursor: lineEnd(editor) });
  if (name === 'b') return same(stepTo(editor, cursor - 1));
  if (name === 'f') return same(stepTo(editor, cursor + 1));
  if (name === 'u') return same(remove(editor, lineStart(editor)));
  if (name === 'k') return same(remove(editor, cursor, lineEnd(editor)));
  if (name === 'w') return same(remove(editor, wordStart(editor)));
  if (name === 'h') return same(remove(editor, before(editor)));
  if (name === 'p') return same(showEarlier(editor, 1));
  if (name === 'n') return same(showEarlier(editor, -1));
  if (name === 'left') return same({ ...editor, cursor: wordStart(editor) });
  if (name === 'right') return same({ ...editor, cursor: wordEnd(editor) });
  return same(editor);
}

/** The editor after a key that moves or removes; null for every other key. */
function move(editor: Editor, { name, meta }: Key): Editor | null {
  if (name === 'left' || (meta === true && name === 'b'))
    return meta === true ? { ...editor, cursor: wordStart(editor) } : { ...editor, cursor: before(editor) };
  if (name === 'right' || (meta === true && name === 'f'))
    return meta === true ? { ...editor, cursor: wordEnd(editor) } : { ...editor, cursor: behind(editor) };
  if (name === 'home') return { ...editor, cursor: lineStart(editor) };
  if (name === 'end') return { ...editor, cursor: lineEnd(editor) };
  if (name === 'up') return showEarlier(editor, 1);
  if (name === 'down') return showEarlier(editor, -1);
  if (name === 'backspace') return remove(editor, meta === true ? wordStart(editor) : before(editor));
  if (name === 'delete') return remove(editor, editor.cursor, behind(editor));
  if (name === 'escape' || name === 'tab') return editor;
  return null;
}

function typed(text: string | undefined): string {
  return (text ?? '').replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
}

function insert(editor: Editor, added: string): Editor {
  const { text, cursor } = editor;
  return { ...editor, text: text.slice(0, cursor) + added + text.slice(cursor), cursor: cursor + added.length };
}

function remove(editor: Editor, from: number, to: number = editor.cursor): Editor {
  return { ...editor, text: editor.text.slice(0, from) + editor.text.slice(to), cursor: from };
}

function stepTo(editor: Editor, cursor: number): Editor {
  return { ...editor, cursor: Math.max(0, Math.min(editor.text.length, cursor)) };
}

/** A letter may be two units long. */
function before({ text, cursor }: Editor): number {
  return cursor - ([...text.slice(0, cursor)].at(-1)?.length ?? 0);
}

function behind({ text, cursor }: Editor): number {
  return cursor + ([...text.slice(cursor)][0]?.length ?? 0);
}

function lineStart({ text, cursor }: Editor): number {
  return text.slice(0, cursor).lastIndexOf('\n') + 1;
}

function lineEnd({ text, cursor }: Editor): number {
  const end = text.indexOf('\n', cursor);
  return end === -1 ? text.length : end;
}

function wordStart({ text, cursor }: Editor): number {
  return text.slice(0, cursor).replace(/\S*\s*$/, '').length;
}

function wordEnd({ text, cursor }: Editor): number {
  return cursor + (/^\s*\S*/.exec(text.slice(cursor))?.[0].length ?? 0);
}

function showEarlier(editor: Editor, step: 1 | -1): Editor {
  const shown = Math.max(-1, Math.min(editor.history.length - 1, editor.shown + step));
  if (shown === editor.shown) return editor;
  const draft = editor.shown === -1 ? editor.text : editor.draft;
  const text = shown === -1 ? draft : (editor.history[shown] ?? '');
  return { ...editor, text, cursor: text.length, shown, draft };
}
