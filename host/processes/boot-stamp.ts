import { readFileSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { dataFiles } from '../config/data-folder.ts';

/** Boots less than this many seconds apart by the clock are one: it is set meanwhile. */
const SAME_BOOT_SECONDS = 120;

/** Whether the machine has been started since `noteBoot` was called for this data folder; true where it never was. */
export function isNewBoot(dataDir: string): boolean {
  try {
    return !isSameBoot(readFileSync(dataFiles.boot(dataDir), 'utf8').trim(), bootStamp());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return true;
  }
}

/** Notes that what a power cut may have taken is reconciled. */
export function noteBoot(dataDir: string): void {
  writeFileSync(dataFiles.boot(dataDir), `${bootStamp()}\n`, { mode: 0o600 });
}

function bootStamp(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Only Linux has an id for it.
    return String(Math.round(Date.now() / 1000 - uptime()));
  }
}

function isSameBoot(one: string, other: string): boolean {
  return one === other || Math.abs(Number(one) - Number(other)) < SAME_BOOT_SECONDS;
}
