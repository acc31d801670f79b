import type { Journal } from '../../gateway/journal/journal.ts';
import type { Agent, AgentDriver } from '../../gateway/drivers/driver.ts';

/** Says that the process passes a named place. */
export type Reach = (point: string) => void;

/**
 * Reads `XSWARM_FAULT_POINT=<name>:<n>`: the process kills itself when it passes that place for the n-th time. Only the
 * fault tests set it; null, which costs nothing, everywhere else.
 */
export function readFaultPoint(env: NodeJS.ProcessEnv): Reach | null {
  const match = /^([\w.]+):(\d+)$/.exec(env.XSWARM_FAULT_POINT ?? '');
  if (match === null) return null;
  const wanted = match[1];
  let left = Number(match[2]);
  return (point) => {
    if (point !== wanted) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}

/** Makes each call of a port two places: `<name>.<method>` before it and `<name>.<method>.done` after it went well. */
export function markCalls<T extends object>(name: string, port: T, reach: Reach | null): T {
  if (reach === null) return port;
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function' || typeof key !== 'string') return member;
      return (...args: unknown[]): unknown => {
        reach(`${name}.${key}`);
        const result: unknown = Reflect.apply(member, target, args);
        if (!(result instanceof Promise)) return (reach(`${name}.${key}.done`), result);
        return result.then((value: unknown) => (reach(`${name}.${key}.done`), value));
      };
    },
  });
}

/** Makes places of what a journal commits: `journal.<event>` inside the transaction, `journal.<event>.done` after it. */
export function markJournal(journal: Journal, reach: Reach | null): Journal {
  if (reach === null) return journal;
  let written: string[] = [];
  return {
    ...journal,
    insertEvent(sessionId, seq, event) {
      journal.insertEvent(sessionId, seq, event);
      written.push(event.type);
      reach(`journal.${event.type}`);
    },
    transaction(work) {
      written = [];
      journal.transaction(work);
      for (const type of written) reach(`journal.${type}.done`);
    },
  };
}

/** Makes places of what an agent is asked and of what it reports: `agent.send`, `agent.stop`, `agent.delta` and so on. */
export function markDriver(driver: AgentDriver, reach: Reach | null): AgentDriver {
  if (reach === null) return driver;
  return {
    ...driver,
    async start(request): Promise<Agent> {
      const agent = await driver.start({
        ...request,
        report(report) {
          reach(`agent.${report.type}`);
          request.report(report);
        },
      });
      return markCalls('agent', agent, reach);
    },
  };
}
