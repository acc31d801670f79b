import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A log that people read after something went wrong. */
export interface LogFile {
  readonly path: string;
  write(line: string): void;
  close(): void;
}

const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
const KEPT = 5;

/**
 * Opens `<folder>/<name>.log` for appending; at `maxBytes` it becomes `.1`, and the fifth oldest goes. A line that cannot be
 * written (a full disk must not end what is watched over) is left out, and the next one that can says how many were.
 */
export function openLogFile(folder: string, name: string, maxBytes: number = DEFAULT_MAX_BYTES): LogFile {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${name}.log`);
  let file: number | null = openSync(path, 'a', 0o600);
  let size = fstatSync(file).size;
  let lost = 0;

  const rotate = (): void => {
    for (let age = KEPT - 1; age >= 1; age -= 1) {
      if (existsSync(`${path}.${age}`)) renameSync(`${path}.${age}`, `${path}.${age + 1}`);
    }
    renameSync(path, `${path}.1`);
    if (file !== null) closeSync(file);
    file = null;
  };

  const append = (text: string): void => {
    if (file !== null && size > 0 && size + text.length > maxBytes) rotate();
    if (file === null) {
      file = openSync(path, 'a', 0o600);
      size = fstatSync(file).size;
    }
    size += writeSync(file, text);
  };

  return {
    path,
    write(line) {
      try {
        if (lost > 0)
          append(`\n${JSON.stringify({ level: 40, time: Date.now(), msg: `${lost} lines are lost here` })}\n`);
        lost = 0;
        append(`${line}\n`);
      } catch {
        lost += 1;
      }
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}
