/** Work in lanes: what stands in one lane is done one after another, lanes side by side. */
export interface Lanes {
  run<T>(lane: string, work: () => Promise<T>): Promise<T>;
}

/** Makes lanes that forget themselves when they are empty. */
export function makeLanes(): Lanes {
  const last = new Map<string, Promise<unknown>>();
  return {
    run(lane, work) {
      const before = last.get(lane) ?? Promise.resolve();
      const mine = before.then(work, work);
      last.set(lane, mine);
      const forget = (): void => {
        if (last.get(lane) === mine) last.delete(lane);
      };
      mine.then(forget, forget);
      return mine;
    },
  };
}
