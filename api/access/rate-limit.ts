/** A token bucket: how many calls are left, and when that was so. */
export interface Bucket {
  left: number;
  atMs: number;
}

/** A full bucket for `perMinute` calls. */
export function fullBucket(perMinute: number, nowMs: number): Bucket {
  return { left: perMinute, atMs: nowMs };
}

/** Takes one call out of the bucket, which fills up again evenly; `waitSeconds` is 0 when there was one. */
export function takeCall(bucket: Bucket, perMinute: number, nowMs: number): { bucket: Bucket; waitSeconds: number } {
  const refilled = Math.min(perMinute, bucket.left + ((nowMs - bucket.atMs) * perMinute) / 60_000);
  if (refilled >= 1) return { bucket: { left: refilled - 1, atMs: nowMs }, waitSeconds: 0 };
  const waitSeconds = Math.max(1, Math.ceil(((1 - refilled) * 60) / perMinute));
  return { bucket: { left: refilled, atMs: nowMs }, waitSeconds };
}

const MAX_CALLERS = 10_000;

/** Counts the calls of many callers. */
export interface RateLimiter {
  /** Seconds that this caller has to wait; 0 when the call may go on. */
  take(caller: string): number;
}

/** A limiter of `perMinute` calls for each caller; none without a number. It remembers 10,000 callers at most. */
export function makeRateLimiter(perMinute: number | undefined, now: () => number = Date.now): RateLimiter {
  if (perMinute === undefined) return { take: () => 0 };
  const buckets = new Map<string, Bucket>();
  return {
    take(caller) {
      const { bucket, waitSeconds } = takeCall(buckets.get(caller) ?? fullBucket(perMinute, now()), perMinute, now());
      buckets.delete(caller);
      buckets.set(caller, bucket);
      const oldest = buckets.size > MAX_CALLERS ? buckets.keys().next().value : undefined;
      if (oldest !== undefined) buckets.delete(oldest);
      return waitSeconds;
    },
  };
}
