import type { Paint } from './paint.ts';

/** One column: its heading, how it is cut when the terminal is narrow, and how it is painted after that. */
export interface Column<Row> {
  title: string;
  value: (row: Row) => string;
  align?: 'right';
  /** Which part goes first when it does not fit; without it the column is never cut. */
  cut?: 'end' | 'start';
  paint?: (text: string, row: Row) => string;
}

const GAP = '  ';
/** A column is never narrower than this, nor than its heading. */
const NARROWEST = 6;

/** Lays rows out in columns, at most `width` wide where that is given and possible. */
export function formatTable<Row>(rows: Row[], columns: Column<Row>[], width: number | null, paint: Paint): string[] {
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((row) => [...(row[index] ?? '')].length)),
  );
  if (width !== null) fit(widths, columns, width);
  const line = (texts: string[], finish: (text: string, column: Column<Row>, index: number) => string): string =>
    columns
      .map((column, index) => {
        const wide = widths[index] ?? 0;
        const text = cutTo(texts[index] ?? '', wide, column.cut ?? 'end');
        const padding = ' '.repeat(Math.max(0, wide - [...text].length));
        const finished = finish(text, column, index);
        return column.align === 'right' ? padding + finished : finished + padding;
      })
      .join(GAP)
      .trimEnd();

  const head = line(
    columns.map((column) => column.title),
    (text) => paint('dim', text),
  );
  const body = rows.map((row, index) => line(cells[index] ?? [], (text, column) => column.paint?.(text, row) ?? text));
  return [head, ...body];
}

/** Takes from the widest column that may be cut until all fit. */
function fit<Row>(widths: number[], columns: Column<Row>[], width: number): void {
  let tooMuch = widths.reduce((sum, one) => sum + one, GAP.length * (widths.length - 1)) - width;
  while (tooMuch > 0) {
    const spare = widths.map((one, index) => {
      const column = columns[index];
      return column?.cut !== undefined && one > Math.max(NARROWEST, column.title.length) ? one : 0;
    });
    const widest = Math.max(...spare);
    if (widest === 0) return;
    widths[spare.indexOf(widest)] = widest - 1;
    tooMuch -= 1;
  }
}

function cutTo(text: string, width: number, side: 'end' | 'start'): string {
  const letters = [...text];
  if (letters.length <= width) return text;
  return side === 'end' ? `${letters.slice(0, width - 1).join('')}…` : `…${letters.slice(-(width - 1)).join('')}`;
}
