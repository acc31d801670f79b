/** Shows how far something is, in one line of a terminal that is written over. */
export interface ProgressBar {
  show(done: number, total: number): void;
  /** Takes the line away, so that others can be written. */
  clear(): void;
}

const CELLS = 30;

/** Makes a bar; on anything but a terminal (`width` null) it shows nothing. */
export function makeProgressBar(stdout: { write(text: string): unknown }, width: number | null): ProgressBar {
  if (width === null) return { show: () => undefined, clear: () => undefined };
  const cells = Math.max(1, Math.min(CELLS, width - 30));
  return {
    show(done, total) {
      const full = total === 0 ? cells : Math.floor((done / total) * cells);
      stdout.write(`\r\u001b[K${'█'.repeat(full)}${'░'.repeat(cells - full)} ${done} of ${total} sessions`);
    },
    clear: () => void stdout.write('\r\u001b[K'),
  };
}
