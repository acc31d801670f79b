import { fillDatabase, TABLE_ROWS } from './fill-database.ts';
import { closedLoop, round, serial } from './figures.ts';
import { partPids, rssMb } from './processes.ts';
import { startProduct, type Product } from './product.ts';
import { startReaders } from './readers.ts';
import type { Report } from './report.ts';
import type { Size } from './size.ts';

/** The product over a large database, and with many readers of live events. */
export async function measureScale(size: Size, report: Report): Promise<void> {
  if (size.storedMessages === 0) return;
  const product = await startProduct({ XSWARM_GATEWAY_AGENT: 'simulator' });
  try {
    await product.system.stop();
    const began = performance.now();
    fillDatabase(product.databasePath, size);
    report.keep('filled', { ms: Math.round(performance.now() - began), rows: TABLE_ROWS(size) });
    await product.system.start();
    await reports(product, size, report);
    await readers(product, size, report);
  } finally {
    await product.stop();
  }
}

async function reports({ system }: Product, size: Size, report: Report): Promise<void> {
  const of = `of ${size.storedSessions} sessions and ${size.storedMessages} messages`;
  const ask = async (path: string): Promise<number> => {
    const figures = await serial(10, 2, async () => {
      const answer = await system.rest('GET', path);
      if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    });
    report.keep(path, figures);
    return figures.p50;
  };
  const list = await ask('/sessions?limit=100');
  report.hold(`list of 100 ${of}`, `p50 ${list} ms`, 'p50 ≤ 5 ms', list <= 5);
  const [user, all] = [await ask('/users/stored-1/cost'), await ask('/cost')];
  report.tell(`cost of a user, of the system ${of}`, `p50 ${user} ms, ${all} ms`);
  const byDay = await ask('/cost?group_by=day');
  const byModel = await ask('/cost?group_by=model');
  const since = await ask('/cost?since=2026-01-05T00:00:00.000Z&until=2026-01-06T00:00:00.000Z');
  report.tell(`cost by day, by model, of one day ${of}`, `p50 ${byDay} ms, ${byModel} ms, ${since} ms`);
  const [rare, common] = [await ask('/search?q=needle777'), await ask('/search?q=status')];
  report.tell(`search for a rare word, a common one ${of}`, `p50 ${rare} ms, ${common} ms`);
  const history = await ask('/sessions/stored-session-7/messages?limit=50');
  report.tell(`history of one session ${of}`, `p50 ${history} ms`);
}

async function readers(product: Product, { readers: count, clients }: Size, report: Report): Promise<void> {
  const pids = partPids(product.system.pid());
  const sessions = await Promise.all(Array.from({ length: clients }, () => product.create()));
  const load = (): Promise<{ perSecond: number }> =>
    closedLoop(clients, 10, (client) => product.send(sessions[client] ?? '', 'hello'));
  await load();
  const [alone, before] = [(await load()).perSecond, rssMb(pids.app)];
  const heard = await startReaders(product.system.restUrl, count, sessions);
  const heardBefore = heard.events();
  const watched = (await load()).perSecond;
  const expected = await heard.untilQuiet();
  const memory = rssMb(pids.app) - before;
  await heard.stop();
  const figure = `${watched} messages/s: ${round(watched / alone)} × without, ${expected - heardBefore} events sent, ${memory} MB more`;
  report.tell(`${count} readers of live events, ${clients} sessions at once`, figure);
}
