/** The protocols that a link of an agent may have. */
const ALLOWED = new Set(['http:', 'https:', 'mailto:']);

/** A link of an agent's text that may be followed; null for anything else, which is shown as text. */
export function safeLink(href: string): { href: string; host: string } | null {
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  if (!ALLOWED.has(url.protocol)) return null;
  return { href: url.href, host: url.protocol === 'mailto:' ? 'mail' : url.host };
}

const IMAGE = /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/;

/** Whether an image stands in the text itself; nothing is ever fetched from elsewhere. */
export function isInlineImage(src: string): boolean {
  return IMAGE.test(src);
}
