import { createHash } from 'node:crypto';
import { errors } from '../../domain/errors.ts';
import { fullBucket, takeCall } from './rate-limit.ts';
import type { Bucket } from './rate-limit.ts';

const FAILURES_A_MINUTE = 20;
const REMEMBERED = 10_000;

/**
 * Limits how often one address may present a secret that is wrong, so that secrets cannot be guessed: 20 a minute. A secret that
 * was good before is always checked, since many callers may share an address.
 */
export class FailedLogins {
  readonly #now: () => number;
  readonly #left = new Map<string, Bucket>();
  readonly #goodHashes = new Set<string>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Returns whom the secret stands for, null for nobody. Throws `RATE_LIMITED` for an address with too many failures. */
  attempt<T>(address: string, secret: string, authenticate: (secret: string) => T | null): T | null {
    const hash = createHash('sha256').update(secret).digest('base64');
    const now = this.#now();
    const next = takeCall(this.#left.get(address) ?? fullBucket(FAILURES_A_MINUTE, now), FAILURES_A_MINUTE, now);
    if (next.waitSeconds > 0 && !this.#goodHashes.has(hash)) throw errors.rateLimited(next.waitSeconds);
    const found = authenticate(secret);
    if (found === null) {
      this.#goodHashes.delete(hash);
      this.#left.delete(address);
      this.#left.set(address, next.bucket);
    } else {
      this.#goodHashes.add(hash);
    }
    forgetOldest(this.#left);
    forgetOldest(this.#goodHashes);
    return found;
  }
}

function forgetOldest(all: Map<string, unknown> | Set<string>): void {
  const [oldest] = all.size > REMEMBERED ? all.keys() : [];
  if (oldest !== undefined) all.delete(oldest);
}
