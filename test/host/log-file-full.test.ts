import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LogFile } from '../../host/logs/log-file.ts';
import { canMount, makeSmallDisk } from '../support/machine/disk-image.ts';

test(
  'a log on a full disk leaves lines out, says how many when there is room again, and never throws',
  { skip: canMount() ? false : 'needs the right to mount' },
  () => {
    const disk = makeSmallDisk(1);
    const filler = join(disk.folder, 'filler');
    const log = new LogFile(disk.folder, 'app', 100);
    try {
      log.write('first');
      assert.throws(() => writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024)), { code: 'ENOSPC' });
      for (let line = 0; line < 300; line += 1) log.write(`${line} `.repeat(10));
      rmSync(filler);
      log.write('last');
      assert.match(readFileSync(log.path, 'utf8'), /"msg":"\d+ lines could not be written here".*\nlast\n$/s);
    } finally {
      log.close();
      disk.remove();
    }
  },
);
