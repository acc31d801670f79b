import type { SessionStatus } from '../../domain/session/session.ts';

const CODES = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

/** Colours a text. */
export type Paint = (color: keyof typeof CODES, text: string) => string;

/** Makes a painter that paints only where colour is wanted. */
export function makePaint(color: boolean): Paint {
  return (name, text) => (color ? `\u001b[${CODES[name]}m${text}\u001b[0m` : text);
}

const STATUS_COLORS: Record<SessionStatus, keyof typeof CODES> = {
  connecting: 'yellow',
  active: 'green',
  idle: 'blue',
  disconnecting: 'yellow',
  disconnected: 'dim',
  error: 'red',
};

/** Colours a session's status. */
export function paintStatus(paint: Paint, status: SessionStatus): string {
  return paint(STATUS_COLORS[status], status);
}
