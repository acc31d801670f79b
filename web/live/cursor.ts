/** A place in the whole stream of this browser, as `docs/events.md` describes its id. */
export interface Cursor {
  epoch: string;
  summary: number;
  watch: Record<string, number>;
}

/** Reads the id of a frame; null for what is none. */
export function decodeCursor(id: string): Cursor | null {
  try {
    const bytes = Uint8Array.from(atob(id.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as Cursor;
  } catch {
    return null;
  }
}

/** The place as an id to resume from. */
export function encodeCursor(cursor: Cursor): string {
  const bytes = new TextEncoder().encode(JSON.stringify(cursor));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
