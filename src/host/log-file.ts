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

/** Opens `<folder>/<name>.log` for appending; at `maxBytes` it becomes `.1`, and the fifth oldest goes. */
export function openLogFile(folder: string, name: string, maxBytes: number = DEFAULT_MAX_BYTES): LogFile {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${name}.log`);
  let file = openSync(path, 'a', 0o600);
  let size = fstatSync(file).size;

  const rotate = (): void => {
    closeSync(file);
    for (let age = KEPT - 1; age >= 1; age -= 1) {
      if (existsSync(`${path}.${age}`)) renameSync(`${path}.${age}`, `${path}.${age + 1}`);
    }
    renameSync(path, `${path}.1`);
    file = openSync(path, 'a', 0o600);
    size = 0;
  };

  return {
    path,
    write(line) {
      const text = `${line}\n`;
      if (size > 0 && size + text.length > maxBytes) rotate();
      size += writeSync(file, text);
    },
    close: () => closeSync(file),
  };
}
