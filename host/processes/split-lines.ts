/** A line longer than this is handed on in pieces, so that a child without line ends fills no memory. */
const LONGEST = 64 * 1024;

/** Cuts a stream of text pieces into lines; `flush` hands on what is left without a line end. */
export function splitLines(onLine: (line: string) => void): { feed(text: string): void; flush(): void } {
  let rest = '';
  return {
    feed(text) {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) onLine(part.replace(/\r$/, ''));
      if (rest.length > LONGEST) {
        onLine(rest);
        rest = '';
      }
    },
    flush() {
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}
