import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
const KEPT_FILES = 5;

/**
 * A log file that is replaced when it is full: `<name>.log` becomes `<name>.log.1`, and the fifth oldest is overwritten. A line
 * that cannot be written (a full disk must not stop the processes that are logged) is skipped; the next line that can be
 * written is preceded by the number of skipped ones.
 */
export class LogFile {
  readonly path: string;
  readonly #maxBytes: number;
  #file: number | null;
  #size: number;
  #lost = 0;

  /** Opens `<folder>/<name>.log` for appending. */
  constructor(folder: string, name: string, maxBytes: number = DEFAULT_MAX_BYTES) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.path = join(folder, `${name}.log`);
    this.#maxBytes = maxBytes;
    this.#file = openSync(this.path, 'a', 0o600);
    this.#size = fstatSync(this.#file).size;
  }

  write(line: string): void {
    try {
      if (this.#lost > 0) {
        const notice = { level: 40, time: Date.now(), msg: `${this.#lost} lines could not be written here` };
        this.#append(`\n${JSON.stringify(notice)}\n`);
      }
      this.#lost = 0;
      this.#append(`${line}\n`);
    } catch {
      this.#lost += 1;
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #append(text: string): void {
    if (this.#file !== null && this.#size > 0 && this.#size + text.length > this.#maxBytes) this.#rotate();
    if (this.#file === null) {
      this.#file = openSync(this.path, 'a', 0o600);
      this.#size = fstatSync(this.#file).size;
    }
    this.#size += writeSync(this.#file, text);
  }

  #rotate(): void {
    for (let age = KEPT_FILES - 1; age >= 1; age -= 1) {
      if (existsSync(`${this.path}.${age}`)) renameSync(`${this.path}.${age}`, `${this.path}.${age + 1}`);
    }
    renameSync(this.path, `${this.path}.1`);
    this.close();
  }
}
