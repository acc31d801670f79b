/** A line of a child's log, as people read it. */
export interface LogLine {
  /** `text` is a line that is not a JSON record, such as what a program prints when it dies. */
  level: 'debug' | 'info' | 'warning' | 'error' | 'text';
  words: string;
}

/** Reads a line of a child: a record of pino or Temporal, or plain text. */
export function readLogLine(line: string): LogLine {
  if (!line.startsWith('{')) return { level: 'text', words: line };
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { level: 'text', words: line };
  }
  const message = typeof record.msg === 'string' ? record.msg : line;
  const cause = causeOf(record.err ?? record.error);
  const words = cause === null || message.includes(cause) ? message : `${message}: ${cause}`;
  return { level: levelOf(record.level), words };
}

function levelOf(level: unknown): LogLine['level'] {
  const number =
    typeof level === 'number' ? level : ({ debug: 20, info: 30, warn: 40, error: 50 }[String(level)] ?? 60);
  if (number >= 50) return 'error';
  if (number >= 40) return 'warning';
  return number >= 30 ? 'info' : 'debug';
}

function causeOf(error: unknown): string | null {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null || !('message' in error)) return null;
  return typeof error.message === 'string' ? error.message : null;
}

/** A line longer than this is passed on in pieces, so that a child without line ends does not fill the memory. */
const LONGEST_LINE = 64 * 1024;

/** Cuts a stream of text into lines. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  feed(text: string): void {
    const parts = (this.#rest + text).split('\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#onLine(part.replace(/\r$/, ''));
    if (this.#rest.length > LONGEST_LINE) this.flush();
  }

  /** Passes on the text after the last line end. */
  flush(): void {
    if (this.#rest !== '') this.#onLine(this.#rest);
    this.#rest = '';
  }
}
