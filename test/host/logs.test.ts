import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { LogFile } from '../../host/logs/log-file.ts';
import { LineSplitter, readLogLine, type LogLine } from '../../host/logs/log-line.ts';
import { PartLog } from '../../host/run/local-parts.ts';
import type { Reporter } from '../../host/run/reporter.ts';

const tempDir = (): string => mkdtempSync(join(tmpdir(), 'xswarm-logs-'));

test('new LineSplitter() gives the same lines however the text is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.string(), (pieces, last) => {
      const lines: string[] = [];
      const splitter = new LineSplitter((line) => lines.push(line));
      for (const piece of [...pieces, last]) splitter.feed(piece);
      splitter.flush();
      const whole = [...pieces, last]
        .join('')
        .split('\n')
        .map((line) => line.replace(/\r$/, ''));
      if (whole.at(-1) === '') whole.pop();
      const rest = lines.at(-1)?.replace(/\r$/, '');
      assert.deepEqual([...lines.slice(0, -1), ...(rest === undefined ? [] : [rest])], whole);
    }),
  );
});

test('new LineSplitter() hands on a line without an end before it fills the memory', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  splitter.feed('x'.repeat(100_000));
  assert.equal(lines[0]?.length, 100_000);
});

test('a log file turns over at its size and keeps five old ones', () => {
  const folder = tempDir();
  const log = new LogFile(folder, 'app', 100);
  for (let count = 0; count < 100; count += 1) log.write(`line ${String(count).padStart(4, '0')} of a log`);
  log.close();
  assert.deepEqual(readdirSync(folder).sort(), ['app.log', ...[1, 2, 3, 4, 5].map((age) => `app.log.${age}`)]);
  assert.match(readFileSync(join(folder, 'app.log'), 'utf8'), /line 0099/);
  for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size <= 100, name);
  assert.equal(statSync(join(folder, 'app.log')).mode & 0o077, 0);
});

test('a log file goes on where an earlier start left it', () => {
  const folder = tempDir();
  for (const line of ['first', 'second']) {
    const log = new LogFile(folder, 'app');
    log.write(line);
    log.close();
  }
  assert.equal(readFileSync(join(folder, 'app.log'), 'utf8'), 'first\nsecond\n');
});

const lines: [string, LogLine][] = [
  ['{"level":30,"msg":"listening"}', { level: 'info', words: 'listening' }],
  ['{"level":20,"msg":"detail"}', { level: 'debug', words: 'detail' }],
  ['{"level":40,"msg":"slow","err":{"message":"timeout"}}', { level: 'warning', words: 'slow: timeout' }],
  ['{"level":60,"msg":"cannot go on","err":{"message":"no disk"}}', { level: 'error', words: 'cannot go on: no disk' }],
  ['{"level":"warn","msg":"poller","error":"refused"}', { level: 'warning', words: 'poller: refused' }],
  ['Error: thrown', { level: 'text', words: 'Error: thrown' }],
  ['{not json', { level: 'text', words: '{not json' }],
];
for (const [line, read] of lines) {
  test(`readLogLine() reads ${line}`, () => assert.deepEqual(readLogLine(line), read));
}

function recorder(): { reporter: Reporter; said: string[]; warned: string[] } {
  const [said, warned]: [string[], string[]] = [[], []];
  const ignore = (): void => undefined;
  return {
    said,
    warned,
    reporter: {
      progress: ignore,
      stream: ignore,
      event: ignore,
      say: (text) => said.push(text),
      warn: (text) => warned.push(text),
    },
  };
}

test('of a child only warnings are shown, in words, and everything is in its file', () => {
  const { reporter, said, warned } = recorder();
  const folder = tempDir();
  const log = new PartLog({ folder, name: 'app', reporter, shown: 'warnings' });
  log.onLine('{"level":30,"msg":"listening"}');
  log.onLine('{"level":40,"msg":"slow"}');
  log.onLine('Error: boom');
  log.onEvent({ type: 'died', how: 'exit code 1', deaths: 1, restartInMs: 200 });
  log.close();
  assert.deepEqual(said, []);
  assert.deepEqual(warned, [
    'app: slow',
    'app: stopped by itself (exit code 1): Error: boom; it is started again in 0.2 s',
  ]);
  assert.equal(readFileSync(log.path, 'utf8').split('\n').length, 5);
});

test('a child that warns without end does not fill the terminal', () => {
  const { reporter, warned } = recorder();
  const log = new PartLog({ folder: tempDir(), name: 'app', reporter, shown: 'warnings' });
  for (let count = 0; count < 1_000; count += 1) log.onLine('{"level":40,"msg":"again"}');
  log.close();
  assert.ok(warned.length <= 42, String(warned.length));
});
