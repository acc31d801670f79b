import { emitKeypressEvents } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import stringWidth from 'string-width';
import type { ClaudeCodeConnector } from '../../client/connector.ts';
import type { SessionEvent } from '../../domain/session/event.ts';
import { formatUsd } from '../../domain/money/format-usd.ts';
import { errorLine } from '../error-line.ts';
import type { Paint } from '../output/paint.ts';
import { printable } from '../output/printable.ts';
import { sessionDetails } from '../output/session-details.ts';
import { breakAnywhere, wrapWords } from '../output/wrap.ts';
import { answerHere } from './answer-here.ts';
import { accepted, hear, liveLines, SILENT, tearOff, typedHere } from './conversation.ts';
import { afterSending, emptyEditor, pressKey } from './line-editor.ts';
import type { Editor, Key } from './line-editor.ts';

/** What a conversation at a terminal needs. */
export interface TerminalTalkOptions {
  connector: ClaudeCodeConnector;
  sessionId: string;
  stdin: ReadStream;
  stdout: WriteStream;
  paint: Paint;
  /** Earlier messages, newest first, for the arrow keys. */
  history: string[];
  /** The newest events so far, oldest first: they show which turn is running and what waits. */
  events: SessionEvent[];
}

const SPINNER_MS = 120;
const PRESENCE_MS = 60_000;
const RESUME_MS = 200;
const PROMPT = '> ';
const NEXT_LINE = '… ';
const HELP = [
  'Enter sends; Alt-Enter, or a backslash before Enter, begins a new line. Up and Down show earlier messages.',
  'Ctrl-C stops the running turn or empties the line. Ctrl-D leaves, and the session stays open. Ctrl-Z suspends.',
  '/help    this list',
  '/status  the session in detail',
  '/cost    what the session cost so far',
  '/approve [session], /deny [reason], /answer <text>   decide about what Claude asks',
  '/exit    leave; the session stays open',
  '//name   send the slash command /name to Claude',
];

/**
 * A conversation at a terminal. What is final goes into the terminal's own scrollback; below it stand the lines that still
 * change (unfinished text, running turn, queue, prompt), and each change draws them again.
 */
export class TerminalTalk {
  readonly #talk: TerminalTalkOptions;
  readonly #stop = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  #conversation = SILENT;
  #editor: Editor;
  /** A word to the person above the prompt, until the next key. */
  #note = '';
  #isConnected = true;
  /** The rows that were drawn last, and the row and column of the cursor in them. */
  #drawn = { rows: [] as string[], row: 0, column: 0 };
  #spinner: NodeJS.Timeout | undefined;
  #reportedAt = 0;

  constructor(talk: TerminalTalkOptions) {
    this.#talk = talk;
    this.#editor = emptyEditor(talk.history);
    for (const event of talk.events) this.#conversation = hear(this.#conversation, event, 80, talk.paint).conversation;
    this.#conversation = tearOff({ ...this.#conversation, partial: '', ended: false });
  }

  /** Talks until the person leaves or the session ends; resolves when what was typed is accepted. */
  async run(): Promise<void> {
    const { stdin, stdout } = this.#talk;
    const onKey = (text: string | undefined, key: Key): void => this.#press(text, key);
    const onResize = (): void => this.#draw();
    const onContinue = (): void => this.#enter();
    const onEnd = (): void => this.#stop.abort();
    emitKeypressEvents(stdin);
    stdin.on('keypress', onKey).on('end', onEnd);
    stdout.on('resize', onResize);
    process.on('SIGCONT', onContinue).on('SIGTERM', onEnd).on('SIGHUP', onEnd);
    this.#enter();
    try {
      await this.#watch();
      await Promise.all(this.#sending);
    } finally {
      clearInterval(this.#spinner);
      stdin.off('keypress', onKey).off('end', onEnd);
      stdout.off('resize', onResize);
      process.off('SIGCONT', onContinue).off('SIGTERM', onEnd).off('SIGHUP', onEnd);
      this.#leave();
      stdin.pause();
    }
  }

  async #watch(): Promise<void> {
    const { connector, sessionId, events, paint } = this.#talk;
    const stream = connector.subscribe(sessionId, {
      after: events.at(-1)?.seq ?? 0,
      signal: this.#stop.signal,
      onOpen: () => this.#setConnected(true),
      onReconnect: () => this.#setConnected(false),
    });
    for await (const event of stream) {
      if (event.type === 'text_delta') this.#reportPresence();
      const { lines, conversation } = hear(this.#conversation, event, this.#width, paint);
      this.#conversation = conversation;
      this.#draw(lines);
    }
  }

  #setConnected(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    if (!isConnected) this.#conversation = tearOff(this.#conversation);
    this.#draw();
  }

  #press(text: string | undefined, key: Key): void {
    if (this.#stop.signal.aborted) return;
    this.#note = '';
    this.#reportPresence();
    const { editor, wish } = pressKey(this.#editor, text, key);
    this.#editor = editor;
    if (wish === 'send') this.#submit();
    if (wish === 'stop') this.#interrupt();
    if (wish === 'leave') this.#stop.abort();
    if (wish === 'suspend') return this.#suspend();
    if (wish === 'redraw') this.#clearScreen();
    this.#draw();
  }

  #submit(): void {
    const content = this.#editor.text.replace(/\s+$/, '');
    this.#editor = afterSending(this.#editor);
    if (content.trim() === '') return;
    if (!content.startsWith('/')) return this.#send(content);
    if (content.startsWith('//')) return this.#send(content.slice(1));
    void this.#runLocally(content);
  }

  /** Runs a command of the terminal's own; nothing is sent to Claude. */
  async #runLocally(command: string): Promise<void> {
    const { connector, sessionId, paint } = this.#talk;
    const width = this.#width;
    if (command === '/exit') return this.#stop.abort();
    if (command === '/help')
      return this.#draw(HELP.flatMap((line) => wrapWords(line, width)).map((row) => paint('dim', row)));
    try {
      const answered = await answerHere(connector, sessionId, command);
      if (answered !== null) return this.#draw([paint('dim', answered)]);
    } catch (error) {
      return this.#fail(error, 'Not answered: ');
    }
    if (command !== '/cost' && command !== '/status') {
      this.#note = `${printable(command)} is not a command of this terminal: /help lists them, /${printable(command)} sends it to Claude`;
      return this.#draw();
    }
    try {
      const session = await connector.requireSession(sessionId);
      const cost = `${formatUsd(session.cost_usd)} in ${session.message_count} messages`;
      this.#draw(command === '/cost' ? [cost] : sessionDetails(session, Date.now(), paint));
    } catch (error) {
      this.#fail(error);
    }
  }

  #send(content: string): void {
    const { connector, sessionId } = this.#talk;
    this.#conversation = typedHere(this.#conversation, content);
    const sending = connector
      .sendMessage(sessionId, content)
      .then(({ id }) => void (this.#conversation = accepted(this.#conversation, content, id)))
      .catch((error: unknown) => {
        this.#conversation = accepted(this.#conversation, content, null);
        this.#fail(error, 'Not sent: ');
      })
      .finally(() => {
        this.#sending.delete(sending);
        this.#draw();
      });
    this.#sending.add(sending);
  }

  #interrupt(): void {
    const { connector, sessionId } = this.#talk;
    const { running } = this.#conversation;
    if (running === null) {
      if (this.#editor.text === '') this.#note = 'Ctrl-D leaves; the session stays open';
      this.#editor = emptyEditor(this.#editor.history);
      return;
    }
    this.#note = 'Stopping…';
    const { messageId } = running;
    connector.interrupt(sessionId, messageId === null ? {} : { messageId }).then(
      (stopped) => {
        this.#note = stopped ? '' : 'The turn had ended already';
        this.#draw();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown, before = ''): void {
    const { paint } = this.#talk;
    this.#draw(wrapWords(before + errorLine(error), this.#width).map((row) => paint('red', row)));
  }

  /** Reports at most once a minute that a person is here. That it fails is no harm: the next key tries again later. */
  #reportPresence(): void {
    const { connector, sessionId } = this.#talk;
    const now = performance.now();
    if (this.#reportedAt > 0 && now - this.#reportedAt < PRESENCE_MS) return;
    this.#reportedAt = now;
    connector.presence(sessionId).catch(() => undefined);
  }

  /** Takes the terminal: single keys, and pastes that are marked as such. */
  #enter(): void {
    this.#talk.stdin.setRawMode(true).resume();
    this.#talk.stdout.write('\u001b[?2004h');
    this.#drawn = { rows: [], row: 0, column: 0 };
    this.#draw();
  }

  /** Restores the terminal, with what is final and the unfinished line on it. */
  #leave(): void {
    const { partial } = this.#conversation;
    const rest = partial === '' ? '' : `${partial}\n`;
    this.#talk.stdout.write(`${this.#toTop()}${rest}\u001b[?2004l`);
    this.#drawn = { rows: [], row: 0, column: 0 };
    this.#talk.stdin.setRawMode(false);
  }

  #suspend(): void {
    this.#leave();
    // The whole job, also what started this process (npx, a script). `fg` continues it with SIGCONT.
    process.kill(0, 'SIGTSTP');
    // Where no shell controls jobs, the system ignores the signal and the conversation goes on.
    setTimeout(() => this.#talk.stdin.isRaw || this.#enter(), RESUME_MS);
  }

  #clearScreen(): void {
    this.#talk.stdout.write('\u001b[2J\u001b[H');
    this.#drawn = { rows: [], row: 0, column: 0 };
  }

  /** One column is left free, so that no row wraps by itself. */
  get #width(): number {
    return Math.max(10, (this.#talk.stdout.columns || 80) - 1);
  }

  /** Writes lines for good and draws what may still change below them. */
  #draw(lines: string[] = []): void {
    if (this.#talk.stdin.isRaw !== true) return;
    const { stdout } = this.#talk;
    const top = this.#toTop();
    const { rows, row, column } = this.#liveRows();
    const up = rows.length - 1 - row;
    const back = `${up > 0 ? `\u001b[${up}A` : ''}\r${column > 0 ? `\u001b[${column}C` : ''}`;
    stdout.write(top + lines.map((line) => `${line}\n`).join('') + rows.join('\n') + back);
    this.#drawn = { rows, row, column };
    this.#spin();
  }

  /** Moves to the first of the rows that were drawn last, as wide as the terminal is now, and clears from there on. */
  #toTop(): string {
    const columns = this.#talk.stdout.columns || 80;
    const { rows, row, column } = this.#drawn;
    const above = rows.slice(0, row).reduce((sum, one) => sum + Math.max(1, Math.ceil(stringWidth(one) / columns)), 0);
    const up = above + Math.floor(column / columns);
    return `\r${up > 0 ? `\u001b[${up}A` : ''}\u001b[J`;
  }

  #liveRows(): { rows: string[]; row: number; column: number } {
    const { paint, stdout } = this.#talk;
    const width = this.#width;
    const notes = this.#isConnected ? [] : [paint('yellow', 'Connection lost, trying again…')];
    if (this.#note !== '') notes.push(...wrapWords(this.#note, width).map((row) => paint('dim', row)));
    const above = [...liveLines(this.#conversation, Date.now(), width, paint), ...notes];
    const input = this.#inputRows(width);
    // A long text is shown around the cursor; the rest of it comes into view with the cursor.
    const most = Math.max(1, (stdout.rows || 24) - above.length - 1);
    const first = Math.max(0, input.row - most + 1);
    const shown = input.rows.slice(first, first + most);
    return { rows: [...above, ...shown], row: above.length + input.row - first, column: input.column };
  }

  #inputRows(width: number): { rows: string[]; row: number; column: number } {
    const { text, cursor } = this.#editor;
    const room = width - PROMPT.length;
    const marked = (rows: string[]): string[] =>
      rows.map((row, index) => this.#talk.paint('bold', index === 0 ? PROMPT : NEXT_LINE) + row);
    const rowsOf = (part: string): string[] =>
      part.split('\n').flatMap((line) => breakAnywhere(line.replaceAll('\t', '    '), room));
    const before = rowsOf(text.slice(0, cursor));
    const column = PROMPT.length + stringWidth(before.at(-1) ?? '');
    return { rows: marked(rowsOf(text)), row: before.length - 1, column };
  }

  /** Draws again while a turn is running, for its time. */
  #spin(): void {
    const isRunning = this.#conversation.running !== null && !this.#stop.signal.aborted;
    if (isRunning) this.#spinner ??= setInterval(() => this.#draw(), SPINNER_MS);
    if (isRunning) return;
    clearInterval(this.#spinner);
    this.#spinner = undefined;
  }
}
