import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Presses a file, or the names in a folder, onto the disk. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
