/** Finds the candidate that was probably meant by a misspelt `word`, at most `most` edits away; null when none is. */
export function nearest(word: string, candidates: readonly string[], most?: number): string | null {
  const limit = most ?? Math.max(2, Math.floor(word.length / 3));
  let best: { candidate: string; distance: number } | null = null;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit && (best === null || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate ?? null;
}

/** Counts the letters to insert, drop, change or swap with a neighbour to get from `from` to `to`. */
export function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= from.length; row += 1) {
    rows[row] = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const changed = from[row - 1] === to[column - 1] ? 0 : 1;
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const distance = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + changed,
        swapped ? at(row - 2, column - 2) + 1 : Infinity,
      );
      rows[row]?.push(distance);
    }
  }
  return at(from.length, to.length);
}
