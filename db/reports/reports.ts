import { Worker } from 'node:worker_threads';
import { errors, XswarmError } from '../../domain/errors.ts';
import type { CostQuestion, CostRows } from '../../domain/money/cost-rows.ts';
import type { CostFilter, CostReport } from '../../domain/service-data.ts';
import { databaseAway } from '../file/away.ts';
import type { SearchQuery } from '../queries/search.ts';
import type { ReportAnswer, ReportCall, ReportThreadData } from './report-call.ts';

/** Questions that may read much of the file. */
export interface Reports {
  /** See `CostQueries.report`. */
  cost(userId: string | null, filter: CostFilter): Promise<CostReport>;
  /** The answer of `GET /costs`, from the sums that are kept. */
  costs(question: CostQuestion): Promise<CostRows>;
  /** The keys of the messages that hold all the words, newest first. */
  search(query: SearchQuery): Promise<number[]>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(result: never): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

const LIMIT_MS = 30_000;
/** One question is answered after another: who comes behind so many would wait in vain. */
const MAX_WAITING = 100;
const RETRY_SECONDS = 5;
const THREAD = new URL('./report-thread.js', import.meta.url);

/**
 * Answers in a thread of its own, begun with the first question, so that a sum over a million messages holds up no message.
 * Rejects with `UNAVAILABLE` when the file cannot be read, the thread cannot begin or ended, or after 30 s; the next question
 * begins a new one. The same at once when 100 questions wait.
 */
export function makeReports(options: ReportThreadData & { limitMs?: number; entry?: URL }): Reports {
  const { limitMs = LIMIT_MS, entry = THREAD, ...workerData } = options;
  const waiting = new Map<number, Waiting>();
  let thread: Worker | null = null;
  /** A thread that was given up and is still in its question: beside it no other begins. */
  let leaving: Worker | null = null;
  let lastId = 0;

  function start(): Worker {
    const worker = newThread();
    worker.on('message', settle);
    worker.on('error', (error) => end(worker, error));
    worker.on('exit', () => end(worker, new Error('The thread ended')));
    return worker;
  }

  function newThread(): Worker {
    try {
      return new Worker(entry, { workerData });
    } catch (error) {
      throw errors.unavailable('The report', error);
    }
  }

  function take(id: number): Waiting | undefined {
    const found = waiting.get(id);
    if (found === undefined) return undefined;
    waiting.delete(id);
    clearTimeout(found.timer);
    if (waiting.size === 0) thread?.unref();
    return found;
  }

  function settle(answer: ReportAnswer): void {
    const asked = take(answer.id);
    if (asked === undefined) return;
    if ('result' in answer) return asked.resolve(answer.result as never);
    const { code, message } = answer.error;
    asked.reject(code === null ? new Error(message) : databaseAway(answer.error));
  }

  function end(worker: Worker, cause: Error): void {
    if (thread !== worker) return;
    thread = null;
    for (const id of [...waiting.keys()]) take(id)?.reject(errors.unavailable('The report', cause));
  }

  function late(): void {
    const worker = thread;
    if (worker === null) return;
    end(worker, new Error(`It took more than ${limitMs} ms`));
    leaving = worker;
    worker.once('exit', () => (leaving = null));
    worker.terminate().catch(() => undefined);
  }

  type Question = ReportCall extends infer C ? (C extends ReportCall ? Omit<C, 'id'> : never) : never;
  function ask<T>(question: Question): Promise<T> {
    if (leaving !== null) return Promise.reject(errors.unavailable('The report'));
    if (waiting.size >= MAX_WAITING) return Promise.reject(tooMany());
    return new Promise<T>((resolve, reject) => {
      const id = (lastId += 1);
      thread ??= start();
      thread.ref();
      waiting.set(id, { resolve, reject, timer: setTimeout(late, limitMs) });
      thread.postMessage({ ...question, id } satisfies ReportCall);
    });
  }

  return {
    cost: (userId, filter) => ask<CostReport>({ type: 'cost', userId, filter }),
    costs: (question) => ask<CostRows>({ type: 'costs', question }),
    search: (query) => ask<number[]>({ type: 'search', query }),
    async close() {
      const worker = thread;
      if (worker === null) return;
      end(worker, new Error('The database is being closed'));
      await worker.terminate();
    },
  };
}

function tooMany(): XswarmError {
  return new XswarmError('UNAVAILABLE', `Too many reports wait (${MAX_WAITING}): try again in ${RETRY_SECONDS} s`, {
    details: { retry_after_seconds: RETRY_SECONDS },
  });
}
