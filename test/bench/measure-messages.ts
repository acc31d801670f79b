import { closedLoop, inTurn, openLoop, round } from './figures.ts';
import { cpuMs, partPids, type PartPids } from './processes.ts';
import type { Product } from './product.ts';
import { startEcho } from './reference-echo.ts';
import { startReferenceLoop, type ReferenceLoop } from './reference-loop.ts';
import type { Report } from './report.ts';
import type { Size } from './size.ts';

interface Bench {
  product: Product;
  loop: ReferenceLoop;
  sessions: string[];
  size: Size;
  report: Report;
}

/** Messages one after another, many at once and at a constant rate, beside the bare Temporal loop on the same server. */
export async function measureMessages(product: Product, size: Size, report: Report): Promise<void> {
  const loop = await startReferenceLoop(product.system.temporalAddress, size.clients);
  const sessions = await Promise.all(Array.from({ length: size.clients }, () => product.create()));
  const bench = { product, loop, sessions, size, report };
  await oneAfterAnother(bench);
  await manyAtOnce(bench);
  await atConstantRate(bench);
  await loop.stop();
}

async function oneAfterAnother({ product, loop, sessions, size, report }: Bench): Promise<void> {
  const echo = await startEcho();
  const [session = ''] = sessions;
  const { a, b, rest, socket } = await inTurn(size.rounds, {
    a: () => loop.call(0),
    b: () => echo.call(),
    rest: () => product.send(session, 'hello'),
    socket: () => product.sendBySocket(session, 'hello'),
  });
  echo.stop();
  report.keep('serial', { a, b, rest, socket });
  report.tell('bare Temporal loop (a), one after another', `p50 ${a.p50} ms, p95 ${a.p95}`);
  report.tell('bare WebSocket echo (b)', `p50 ${b.p50} ms`);
  const ratio = round(rest.p50 / a.p50);
  const figure = `p50 ${rest.p50} ms, p95 ${rest.p95}, p99 ${rest.p99}: ${ratio} × (a)`;
  report.hold('message through REST, one after another', figure, 'p50 ≤ 1.6 × (a)', ratio <= 1.6);
  const bySocket = `p50 ${socket.p50} ms: ${round(socket.p50 / rest.p50)} × REST`;
  report.hold('message through the supervisor socket', bySocket, '≤ REST', socket.p50 <= rest.p50);
}

async function manyAtOnce({ product, loop, sessions, size, report }: Bench): Promise<void> {
  const pids = partPids(product.system.pid());
  const bytesBefore = product.databaseBytes();
  const a: number[] = [];
  const rest: number[] = [];
  const used = { temporal: 0, gateway: 0, app: 0 };
  const part = Math.ceil(size.callsEach / 5);
  for (let turn = 0; turn < 5; turn += 1) {
    a.push((await closedLoop(size.clients, part, (client) => loop.call(client))).perSecond);
    const before = cpuOf(pids);
    const figures = await closedLoop(size.clients, part, (client) => product.send(sessions[client] ?? '', 'hello'));
    rest.push(figures.perSecond);
    const after = cpuOf(pids);
    for (const name of PARTS) used[name] += (after[name] - before[name]) / (5 * part * size.clients);
  }
  const [aRate, rate] = [median(a), median(rest)];
  const ratio = round(median(rest.map((each, index) => each / (a[index] ?? 1))));
  report.keep('closed', { a, rest, cpuMsAMessage: used });
  report.tell(`${size.clients} sessions at once, bare loop (a)`, `${aRate} messages/s`);
  const figure = `${rate} messages/s: ${ratio} × (a)`;
  report.hold(`${size.clients} sessions at once, closed loop`, figure, '≥ 0.65 × (a)', ratio >= 0.65);
  report.tell('CPU a message', PARTS.map((name) => `${name} ${round(used[name])} ms`).join(', '));
  const sent = 5 * part * size.clients;
  const bytes = Math.round((product.databaseBytes() - bytesBefore) / sent);
  const megabytes = `${round(bytes / 1000)} MB (over ${sent})`;
  report.count('database a 1,000 short messages with answers', megabytes, '≤ 1 MB', bytes <= 1_000);
}

async function atConstantRate({ product, loop, sessions, size, report }: Bench): Promise<void> {
  const seconds = size.openSeconds;
  const a = await openLoop(50, Math.min(seconds, 20), (run) => loop.call(run));
  const rest = await openLoop(50, seconds, (run) => product.send(sessions[run % sessions.length] ?? '', 'hello'));
  report.keep('open', { a, rest });
  report.tell('open loop at 50 messages/s, bare loop (a)', `p50 ${a.p50} ms, p99 ${a.p99} ms`);
  const figure = `p50 ${rest.p50} ms, p99 ${rest.p99} ms, max ${rest.max} ms, ${rest.failed} lost`;
  const met = rest.p99 <= 100 && rest.failed === 0;
  report.hold(`open loop at 50 messages/s for ${seconds} s`, figure, 'p99 ≤ 100 ms, nothing lost', met);
}

const PARTS = ['temporal', 'app', 'gateway'] as const;

function cpuOf(pids: PartPids): Record<keyof PartPids, number> {
  return { temporal: cpuMs(pids.temporal), gateway: cpuMs(pids.gateway), app: cpuMs(pids.app) };
}

function median(values: number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
