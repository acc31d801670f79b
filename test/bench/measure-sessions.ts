import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { round, serial } from './figures.ts';
import { partPids, rssMb } from './processes.ts';
import type { Product } from './product.ts';
import type { Report } from './report.ts';
import type { Size } from './size.ts';

const CREATES_AT_ONCE = 8;

/** Creating, asking, listing, cleaning up; memory; the command line; a second start. */
export async function measureSessions(product: Product, size: Size, report: Report): Promise<void> {
  const { system } = product;
  const create = await serial(size.creates, 5, () => product.create());
  report.hold('create (simulator)', `p50 ${create.p50} ms, p95 ${create.p95}`, 'p50 ≤ 40 ms', create.p50 <= 40);
  const id = await product.create();
  const cost = await serial(100, 20, () => system.rest('GET', `/sessions/${id}/cost`));
  report.hold('cost query', `p50 ${cost.p50} ms`, 'p50 ≤ 2 ms', cost.p50 <= 2);
  const list = await serial(50, 10, () => system.rest('GET', '/sessions?limit=100'));
  report.tell('list of 100', `p50 ${list.p50} ms`);
  report.keep('sessions', { create, cost, list });
  await commandLine(product, report);
  await cleanup(product, size, report);
  await secondStart(product, report);
  await memory(product, size, report);
}

async function commandLine({ system }: Product, report: Report): Promise<void> {
  const bin = fileURLToPath(new URL('../../bin/xswarm.js', import.meta.url));
  const run = (...args: string[]): Promise<unknown> =>
    Promise.resolve(execFileSync(process.execPath, [bin, ...args], { env: system.env, stdio: 'ignore' }));
  const version = await serial(8, 2, () => run('--version'));
  report.hold('xswarm --version', `p50 ${version.p50} ms`, '≤ 150 ms', version.p50 <= 150);
  const status = await serial(8, 2, () => run('claude', 'status'));
  report.hold('xswarm claude status', `p50 ${status.p50} ms`, '≤ 300 ms', status.p50 <= 300);
  report.keep('cli', { version, status });
}

/** The second time counts: the code that ends sessions ran before. */
async function cleanup(product: Product, { cleaned }: Size, report: Report): Promise<void> {
  await cleanUp(product, Math.ceil(cleaned / 4));
  const { counted, each } = await cleanUp(product, cleaned);
  report.keep('cleanup', { cleaned, counted, each });
  const figure = `${each} ms a session (${counted} by the call, the others by their own timers)`;
  report.hold(`cleanup of ${cleaned} idle sessions`, figure, '≤ 8 ms a session', each <= 8);
}

/**
 * Idle sessions pass their timeout while Temporal is held, so that none can end by its own timer; then one call cleans them up,
 * and their timers fire all at once beside it.
 */
async function cleanUp(product: Product, count: number): Promise<{ counted: number; each: number }> {
  const { system } = product;
  const timeoutSeconds = 10 + Math.ceil(count / 10);
  const { temporal } = partPids(system.pid());
  const began = performance.now();
  await createMany(product, count, { idle_after_seconds: 1, idle_timeout_seconds: timeoutSeconds });
  const made = performance.now();
  await product.untilNone('active', timeoutSeconds);
  await sleep(began + timeoutSeconds * 1_000 - 1_500 - performance.now());
  process.kill(temporal, 'SIGSTOP');
  await sleep(made + timeoutSeconds * 1_000 + 500 - performance.now());
  process.kill(temporal, 'SIGCONT');
  const asked = performance.now();
  const counted = (await system.rest('POST', '/sessions/cleanup')).body.cleaned as number;
  await product.untilNone('idle', timeoutSeconds);
  return { counted, each: round((performance.now() - asked) / count) };
}

async function secondStart({ system }: Product, report: Report): Promise<void> {
  await system.stop();
  const began = performance.now();
  await system.start();
  const seconds = round((performance.now() - began) / 1000);
  report.hold('second start to serving', `${seconds} s`, '≤ 5 s', seconds <= 5);
}

async function memory(product: Product, { openSessions }: Size, report: Report): Promise<void> {
  const pids = partPids(product.system.pid());
  const before = rssMb(pids.app);
  await createMany(product, openSessions, { idle_after_seconds: 5, idle_timeout_seconds: 30_000 });
  await product.untilNone('active', 30_000);
  const after = rssMb(pids.app);
  const each = round(((after - before) * 1024) / openSessions);
  report.keep('memory', { openSessions, before, after, gateway: rssMb(pids.gateway), temporal: rssMb(pids.temporal) });
  const figure = `${after} MB, ${each} kB a session; gateway ${rssMb(pids.gateway)} MB, Temporal ${rssMb(pids.temporal)} MB`;
  if (openSessions < 1_000) return report.tell(`app with ${openSessions} more idle sessions`, figure);
  const met = after <= 600 && each <= 60;
  report.hold(`app with ${openSessions} open idle sessions`, figure, '≤ 600 MB, 60 kB a session', met);
}

async function createMany(product: Product, count: number, options: object): Promise<void> {
  let made = 0;
  await Promise.all(
    Array.from({ length: CREATES_AT_ONCE }, async () => {
      while (made < count) {
        made += 1;
        await product.create(options);
      }
    }),
  );
}
