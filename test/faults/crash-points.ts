import type { Agent, AgentDriver } from '../../gateway/drivers/driver.ts';
import type { Journal } from '../../gateway/journal/journal.ts';

/** Reports that the process passes a named place. */
export type Reach = (point: string) => void;

/** Reads `<name>:<n>`: the process kills itself when it passes that place for the n-th time. */
export function crashAt(wanted: string | undefined): Reach {
  const match = /^([\w.]+):(\d+)$/.exec(wanted ?? '');
  let left = Number(match?.[2] ?? 0);
  return (point) => {
    if (point !== match?.[1]) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}

/** Makes each call of a port two places: `<name>.<method>` before it and `<name>.<method>.done` after it succeeded. */
export function markCalls<T extends object>(name: string, port: T, reach: Reach): T {
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
export function markJournal(journal: Journal, reach: Reach): Journal {
  let written: string[] = [];
  const marked: Pick<Journal, 'insertEvent' | 'transaction'> = {
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
  return new Proxy(journal, {
    get(target, key) {
      if (key === 'insertEvent' || key === 'transaction') return marked[key];
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** Makes places of what an agent is asked and of what it reports: `agent.send`, `agent.stop`, `agent.delta` and so on. */
export function markDriver(driver: AgentDriver, reach: Reach): AgentDriver {
  return new Proxy(driver, {
    get(target, key) {
      if (key === 'start') {
        return async (request: Parameters<AgentDriver['start']>[0]): Promise<Agent> => {
          const report: typeof request.report = (one) => {
            reach(`agent.${one.type}`);
            request.report(one);
          };
          return markCalls('agent', await target.start({ ...request, report }), reach);
        };
      }
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
