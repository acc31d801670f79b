import { clearLine, createInterface, cursorTo } from 'node:readline';
import type { Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { ClaudeCodeConnector } from '../../client/connector.ts';
import type { Subscribed } from '../../client/subscribe.ts';
import { errorLine } from '../error-line.ts';
import type { Paint } from '../output/paint.ts';
import { gatherLines } from './gather-lines.ts';
import { FRESH, printEvent } from './turn-printer.ts';

/** What a conversation at a terminal needs. */
export interface TerminalTalk {
  connector: ClaudeCodeConnector;
  sessionId: string;
  stdin: Readable;
  stdout: Writable;
  paint: Paint;
  /** Earlier messages, newest first, for the arrow keys. */
  history: string[];
  /** Number of the newest event; what comes after it is shown. */
  after: number;
}

const PROMPT = '> ';
const CONTINUED = '… ';

/** Talks at a terminal until Ctrl-D or the session's end. Ctrl-C stops the turn that runs, and the session stays open. */
export async function talkAtTerminal(talk: TerminalTalk): Promise<void> {
  const { connector, sessionId, stdout, paint } = talk;
  const stop = new AbortController();
  const mine = new Set<string>();
  const running = new Set<string>();
  const settled = new Set<string>();
  const sending: string[] = [];
  let printed = FRESH;
  let prompting = false;

  const input: Interface = createInterface({
    input: talk.stdin,
    output: stdout,
    history: talk.history,
    terminal: true,
  });
  const showPrompt = (): void => {
    if (running.size > 0 || stop.signal.aborted) return;
    prompting = true;
    input.setPrompt(paint('bold', PROMPT));
    input.prompt(true);
  };
  const write = (text: string): void => {
    if (text === '') return;
    // What comes while a prompt stands goes above it; what was typed so far comes back with the prompt.
    if (prompting) {
      cursorTo(stdout, 0);
      clearLine(stdout, 0);
      prompting = false;
    }
    stdout.write(text);
  };
  const line = (text: string): void => write(`${text}\n`);

  const show = (event: Subscribed): void => {
    // The event of a message may be faster than the answer to the call that sent it.
    const isMine = event.type === 'queued' && (mine.has(event.message_id) || sending.includes(event.content));
    const next = printEvent(printed, event, paint, isMine);
    printed = next.state;
    write(next.text);
    if (event.type === 'result' && event.message_id !== null) running.delete(event.message_id);
    if (event.type === 'text_delta' || event.type === 'text') return;
    if (!printed.midLine && !prompting) showPrompt();
  };

  const send = async (content: string): Promise<void> => {
    prompting = false;
    const id = crypto.randomUUID();
    running.add(id);
    sending.push(content);
    try {
      const message = await connector.sendMessage(sessionId, content, undefined, { idempotencyKey: id });
      mine.add(message.id);
      running.add(message.id);
      if (settled.has(message.id)) running.delete(message.id);
    } catch (error) {
      line(paint('red', errorLine(error)));
    } finally {
      running.delete(id);
      sending.splice(sending.indexOf(content), 1);
      showPrompt();
    }
  };
  const watching = (async () => {
    const onReconnect = (reason: string): void => line(paint('dim', `Connection lost (${reason}), trying again…`));
    const options = { after: talk.after, signal: stop.signal, onReconnect: onceUntil(onReconnect) };
    for await (const event of connector.subscribe(sessionId, options)) {
      options.onReconnect.reset();
      if (event.type === 'result' && event.message_id !== null) settled.add(event.message_id);
      show(event);
    }
  })();

  input.on('SIGINT', () => {
    if (running.size === 0) {
      const typed = input.line !== '';
      stdout.write('\n');
      if (typed) input.write(null, { ctrl: true, name: 'u' });
      else line(paint('dim', 'Ctrl-D leaves; the session stays open'));
      showPrompt();
      return;
    }
    connector.interrupt(sessionId).then(
      (interrupted) => line(paint('dim', interrupted ? 'Interrupted' : 'Nothing to interrupt any more')),
      (error: unknown) => line(paint('red', errorLine(error))),
    );
  });

  const gathered = gatherLines({
    onContinue: () => {
      input.setPrompt(CONTINUED);
      input.prompt();
    },
    onMessage: (content) => {
      if (content.trim() === '') showPrompt();
      else void send(content);
    },
  });
  input.on('line', (text) => gathered.add(text));
  const left = new Promise<void>((resolve) => input.once('close', resolve));

  showPrompt();
  try {
    await Promise.race([left, watching]);
  } finally {
    stop.abort();
    input.close();
    await watching;
  }
}

/** Lets a report through once, until it is reset: a server that is away for a minute is one line. */
function onceUntil(report: (reason: string) => void): ((reason: string) => void) & { reset(): void } {
  let said = false;
  const once = (reason: string): void => {
    if (!said) report(reason);
    said = true;
  };
  return Object.assign(once, { reset: () => void (said = false) });
}
