import type { AgentDriver } from '../../../gateway/drivers/driver.ts';

/** The starts of a gateway's agents, which go on when a test says so. */
export interface HeldStarts {
  /** For `around` of a gateway. */
  driver: (driver: AgentDriver) => AgentDriver;
  /** How many starts began, how many were given up, how many agents were ended. */
  readonly counts: { begun: number; givenUp: number; ended: number };
  letGo(): void;
}

/** Holds starts back. With `deaf` a start that is given up goes on all the same. */
export function holdStarts({ deaf = false } = {}): HeldStarts {
  const counts = { begun: 0, givenUp: 0, ended: 0 };
  let letGo: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (letGo = resolve));

  function givenUp(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        counts.givenUp += 1;
        if (!deaf) reject(new Error('the start was given up'));
      });
    });
  }

  return {
    counts,
    letGo,
    driver: (driver) => ({
      ...driver,
      async start(request) {
        counts.begun += 1;
        await Promise.race([released, givenUp(request.signal)]);
        const agent = await driver.start(request);
        const end = agent.stop.bind(agent);
        return Object.assign(agent, { stop: (graceMs: number) => ((counts.ended += 1), end(graceMs)) });
      },
    }),
  };
}
