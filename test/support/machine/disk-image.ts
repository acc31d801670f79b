import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own in a file, mounted. */
export interface Disk {
  /** Where it is mounted. */
  folder: string;
  /** What is on the disk at this moment, without what was only written and not synced, as a disk of its own. */
  powerCut(): Disk;
  remove(): void;
}

/** Whether this user and machine can mount a file; else such tests are skipped. */
export function canMount(): boolean {
  try {
    const disk = makeDisk(8);
    disk.remove();
    return true;
  } catch {
    return false;
  }
}

/** Makes an empty disk. Its own journal is not written by the clock, so that nothing but a sync reaches the file. */
export function makeDisk(megabytes: number): Disk {
  const base = mkdtempSync(join(tmpdir(), 'xswarm-disk-'));
  const image = join(base, 'image');
  try {
    run('truncate', '-s', `${megabytes}M`, image);
    run('mkfs.ext4', '-q', '-F', image);
    return mounted(base, image);
  } catch (error) {
    rmSync(base, { recursive: true, force: true });
    throw error;
  }
}

/** A memory file system of this size: it is soon full. */
export function makeSmallDisk(megabytes: number): Omit<Disk, 'powerCut'> {
  const base = mkdtempSync(join(tmpdir(), 'xswarm-small-'));
  run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', base);
  return {
    folder: base,
    remove() {
      run('umount', '--lazy', base);
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function mounted(base: string, image: string): Disk {
  const folder = mkdtempSync(join(base, 'mount-'));
  run('mount', '-o', 'loop,commit=600', image, folder);
  return {
    folder,
    powerCut() {
      const copyBase = mkdtempSync(join(tmpdir(), 'xswarm-disk-'));
      const copy = join(copyBase, 'image');
      run('cp', '--sparse=always', image, copy);
      return mounted(copyBase, copy);
    },
    remove() {
      run('umount', '--lazy', folder);
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}
