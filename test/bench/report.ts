import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One line of the table. `met` is null where there is nothing to hold it against. */
interface Row {
  measure: string;
  figure: string;
  target: string;
  met: boolean | null;
  /** Counted figures do not wobble, so only they make a run fail. */
  counted: boolean;
}

/** Collects what is measured, and prints each line as it comes. */
export interface Report {
  /** A figure without a target. */
  tell(measure: string, figure: string): void;
  /** A figure against its target. */
  hold(measure: string, figure: string, target: string, met: boolean): void;
  /** A counted figure against its target: a miss makes the run fail. */
  count(measure: string, figure: string, target: string, met: boolean): void;
  /** Keeps what a line was made of. */
  keep(name: string, value: unknown): void;
  /** Writes the JSON and gives the exit code. */
  finish(settings: object): number;
}

/** Makes an empty report of a run that begins now. */
export function makeReport(): Report {
  const startedAt = new Date().toISOString();
  const rows: Row[] = [];
  const raw: Record<string, unknown> = {};

  function add(row: Row): void {
    rows.push(row);
    const verdict = row.met === null ? '     ' : row.met ? 'met  ' : 'MISS ';
    process.stdout.write(`${verdict} ${row.measure}: ${row.figure}${row.target && ` (${row.target})`}\n`);
  }

  return {
    tell: (measure, figure) => add({ measure, figure, target: '', met: null, counted: false }),
    hold: (measure, figure, target, met) => add({ measure, figure, target, met, counted: false }),
    count: (measure, figure, target, met) => add({ measure, figure, target, met, counted: true }),
    keep: (name, value) => void (raw[name] = value),
    finish(settings) {
      const folder = fileURLToPath(new URL('./results/', import.meta.url));
      mkdirSync(folder, { recursive: true });
      const file = join(folder, `${startedAt.replaceAll(':', '-')}.json`);
      const machine = { cpus: cpus().length, gib: Math.round(totalmem() / 2 ** 30), node: process.version };
      writeFileSync(file, `${JSON.stringify({ startedAt, settings, machine, rows, raw }, null, 2)}\n`);
      const count = (met: boolean): number => rows.filter((row) => row.met === met).length;
      process.stdout.write(`\n${count(true)} met, ${count(false)} missed; ${JSON.stringify(settings)}; ${file}\n`);
      return rows.some((row) => row.counted && row.met === false) ? 1 : 0;
    },
  };
}
