/**
 * What the codec makes of a payload that the product did not encrypt for this session. The value is wrapped, so that code which
 * forgets to check finds no field that it looks for.
 */
export interface PlainPayload {
  xswarm_plain: {
    /** Runs that started before this time, in milliseconds since 1970, may have such payloads: nothing was encrypted then. */
    accepted_before: number;
    why: string;
  };
  /** Missing when the payload cannot be read. */
  value?: unknown;
}

/** Wraps a payload that is not encrypted. */
export function plainPayload(acceptedBefore: number, value: unknown): PlainPayload {
  return { xswarm_plain: { accepted_before: acceptedBefore, why: 'it is not encrypted' }, value };
}

/** Stands for a payload that cannot be read, which is accepted nowhere. */
export function unreadablePayload(why: string): PlainPayload {
  return { xswarm_plain: { accepted_before: 0, why } };
}

/** Whether a decoded value was not encrypted by the product. */
export function isPlain(value: unknown): value is PlainPayload {
  if (typeof value !== 'object' || value === null || !('xswarm_plain' in value)) return false;
  const mark = value.xswarm_plain;
  return typeof mark === 'object' && mark !== null && 'accepted_before' in mark;
}

/** Returns the value of a plain payload if `startedAt` is early enough for one; every other value as it is. */
export function acceptPlain(value: unknown, startedAt: Date): unknown {
  return isPlain(value) && startedAt.getTime() < value.xswarm_plain.accepted_before ? value.value : value;
}
