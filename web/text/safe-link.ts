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

/** Characters that reorder or hide text. */
const HIDDEN = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u061c\ufeff\u00ad]/gu;

/** Makes characters visible that reorder or hide text, for what a person decides on. */
export function showHidden(text: string): string {
  return text.replace(HIDDEN, (char) => `⟨U+${char.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}⟩`);
}
