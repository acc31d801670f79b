import { createHash, createHmac, randomBytes } from 'node:crypto';

/** A key that payloads are encrypted with. */
export interface PayloadKey {
  /** From when it encrypts, in milliseconds since 1970. */
  usedFrom: number;
  /** Stands in the metadata of each payload; does not reveal the key. */
  id: string;
  secret: Buffer;
}

const KEY = /^(\d{9,11})\.([0-9a-f]{64})$/;

/**
 * Creates a ring of one key: the time from which it is used, a dot, and 256 random bits in hexadecimal. The time is the next full
 * second since 1970, so that a session which started in this one keeps its plain payloads.
 */
export function createKeyRing(): string {
  return `${Math.ceil(Date.now() / 1_000)}.${randomBytes(32).toString('hex')}`;
}

/**
 * The keys of an installation, oldest first. All of them decrypt; the newest one whose time has come encrypts, so that a new key
 * can reach every host before it is used.
 */
export class KeyRing {
  readonly #keys: [PayloadKey, ...PayloadKey[]];

  /** Reads keys that are separated by commas or white space. Throws, without repeating any, when one cannot be read. */
  constructor(text: string) {
    const keys = text
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .map(readKey);
    const [first, ...later] = keys.sort((one, other) => one.usedFrom - other.usedFrom);
    if (first === undefined) throw new Error('There is no payload key');
    this.#keys = [first, ...later];
  }

  /** The time of the first key, in milliseconds since 1970: plain payloads are accepted in runs that started earlier. */
  get begunAt(): number {
    return this.#keys[0].usedFrom;
  }

  /** The key that encrypts now. */
  get current(): PayloadKey {
    const now = Date.now();
    return this.#keys.findLast(({ usedFrom }) => usedFrom <= now) ?? this.#keys[0];
  }

  get ids(): string[] {
    return this.#keys.map(({ id }) => id);
  }

  find(id: string): PayloadKey | null {
    return this.#keys.find((key) => key.id === id) ?? null;
  }

  /** Returns a short name for `text` that is always the same and does not reveal it to anybody without the first key. */
  pseudonym(text: string): string {
    return createHmac('sha256', this.#keys[0].secret).update(text).digest('hex').slice(0, 12);
  }
}

function readKey(word: string, index: number): PayloadKey {
  const [, seconds, secret] = KEY.exec(word) ?? [];
  if (seconds === undefined || secret === undefined) {
    throw new Error(`Payload key ${index + 1} cannot be read: it must be <seconds since 1970>.<64 hexadecimal digits>`);
  }
  const id = createHash('sha256').update(`xswarm payload key ${secret}`).digest('hex').slice(0, 8);
  return { usedFrom: Number(seconds) * 1_000, id, secret: Buffer.from(secret, 'hex') };
}
