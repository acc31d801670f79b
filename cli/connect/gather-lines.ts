/** Lines that come faster than this were pasted. */
const PASTE_GAP_MS = 15;

/** Makes messages of typed lines: a trailing backslash goes on in the next line, and a paste of several lines is one message. */
export function gatherLines(to: { onContinue: () => void; onMessage: (content: string) => void }): {
  add(line: string): void;
} {
  let lines: string[] = [];
  let timer: NodeJS.Timeout | undefined;

  return {
    add(line) {
      clearTimeout(timer);
      if (line.endsWith('\\')) {
        lines.push(line.slice(0, -1));
        to.onContinue();
        return;
      }
      lines.push(line);
      timer = setTimeout(() => {
        const content = lines.join('\n');
        lines = [];
        to.onMessage(content);
      }, PASTE_GAP_MS);
    },
  };
}
