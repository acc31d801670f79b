import pino, { type Logger } from 'pino';

/** Values that never reach a log, wherever they stand in a record. */
const REDACTED = [
  'authorization',
  '*.authorization',
  'token',
  '*.token',
  'secret',
  '*.secret',
  'headers.authorization',
];

/** The log of one process: JSON lines on stderr; `start` writes them into the log folder. */
export function makeLogger(part: string, level: string): Logger {
  return pino(
    { level, base: { part, pid: process.pid }, redact: { paths: REDACTED, censor: '[redacted]' } },
    pino.destination({ fd: 2, sync: true }),
  );
}
