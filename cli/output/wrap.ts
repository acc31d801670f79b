import stringWidth from 'string-width';

/** Breaks one line into rows of at most `width` columns, between words where that is possible. Colour codes take no room. */
export function wrapWords(line: string, width: number): string[] {
  if (stringWidth(line) <= width) return [line];
  const rows: string[] = [];
  let row = '';
  // A word comes with the spaces before it, so that an indentation stays.
  for (const [word] of line.matchAll(/ *[^ ]+| +$/g)) {
    if (stringWidth(row + word) <= width) {
      row += word;
      continue;
    }
    if (row !== '') rows.push(row);
    const pieces = breakAnywhere(row === '' ? word : word.trimStart(), width);
    rows.push(...pieces.slice(0, -1));
    row = pieces.at(-1) ?? '';
  }
  return [...rows, row];
}

/** Breaks text into rows of at most `width` columns wherever it is full; always returns a row. */
export function breakAnywhere(text: string, width: number): string[] {
  const rows = [''];
  let used = 0;
  for (const letter of text) {
    const wide = stringWidth(letter);
    if (used + wide > width && used > 0) {
      rows.push('');
      used = 0;
    }
    rows[rows.length - 1] += letter;
    used += wide;
  }
  return rows;
}

/** Cuts a line to `width` columns; an ellipsis marks the cut. */
export function cutLine(line: string, width: number): string {
  if (stringWidth(line) <= width) return line;
  return `${breakAnywhere(line, width - 1)[0] ?? ''}…`;
}
