import { openLogFile } from '../../logs/log-file.ts';
import { readLogLine } from '../../logs/log-line.ts';
import type { ChildEvent } from '../../processes/supervise.ts';
import type { Reporter } from './reporter.ts';

/** Where the lines and events of one child go. */
export interface ChildLog {
  path: string;
  onLine: (line: string) => void;
  onEvent: (event: ChildEvent) => void;
  /** The last thing it said that was no routine; what a person needs after a death. */
  lastWords(): string;
  close(): void;
}

/** How much of a child's log a person sees. */
export interface ChildLogOptions {
  folder: string;
  name: string;
  reporter: Reporter;
  /** `all` with --debug; `warnings` for our own parts; `none` for parts whose warnings mean nothing to people. */
  shown: 'all' | 'warnings' | 'none';
}

const MOST_SHOWN_A_MINUTE = 20;

/** Keeps everything a child writes in a file, and shows what matters in words. */
export function makeChildLog({ folder, name, reporter, shown }: ChildLogOptions): ChildLog {
  const file = openLogFile(folder, name);
  let lastWords = '';
  let shownThisMinute = 0;
  let minute = 0;

  const show = (text: string): void => {
    const now = Math.floor(performance.now() / 60_000);
    if (now !== minute) shownThisMinute = 0;
    minute = now;
    shownThisMinute += 1;
    if (shownThisMinute <= MOST_SHOWN_A_MINUTE) reporter.warn(`${name}: ${text}`);
    if (shownThisMinute === MOST_SHOWN_A_MINUTE) reporter.warn(`${name}: more is in ${file.path}`);
  };

  return {
    path: file.path,
    lastWords: () => lastWords,
    close: () => file.close(),
    onLine(line) {
      file.write(line);
      const { level, words } = readLogLine(line);
      const matters = level === 'warning' || level === 'error';
      if (matters || (level === 'text' && /error/i.test(words))) lastWords = words.trim();
      if (shown === 'all') reporter.say(`${name}: ${words}`);
      else if (shown === 'warnings' && matters) show(words);
    },
    onEvent(event) {
      file.write(JSON.stringify({ level: 30, time: Date.now(), supervisor: event }));
      reporter.event({ ...event, type: `part_${event.type}`, part: name });
      if (event.type !== 'died') return;
      const reason = lastWords === '' ? '' : `: ${lastWords}`;
      show(`stopped by itself (${event.how})${reason}; it is started again in ${event.restartInMs / 1000} s`);
    },
  };
}
