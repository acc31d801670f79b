/**
 * Takes out what could drive a terminal (colours, titles, cursor) from text of others; line ends and tabs stay.
 * Text that is not shown on a terminal needs none of this.
 */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\n\t]+/g, ' ');
}
